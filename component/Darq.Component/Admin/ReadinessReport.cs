using System.Text.Json.Serialization;

namespace Darq.Component.Admin;

/// <summary>The body of <c>/readyz</c>.</summary>
/// <param name="Ready">Whether there are no reasons against it.</param>
/// <param name="Reasons">All of them, in sentences.</param>
/// <param name="Namespaces">Each with its Redis.</param>
/// <param name="Subscriptions">Those of this process.</param>
/// <param name="LostStreams">Streams that sidecars had and that will not come back by themselves.</param>
internal sealed record ReadinessReport(
    bool Ready,
    IReadOnlyList<string> Reasons,
    IReadOnlyList<NamespaceReport> Namespaces,
    IReadOnlyList<SubscriptionReport> Subscriptions,
    IReadOnlyList<LostStreamReport> LostStreams
);

/// <param name="Namespace">Its name.</param>
/// <param name="Redis">Where it is.</param>
/// <param name="Connected">Whether calls are served.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Durability">The level that is in force there.</param>
/// <param name="AtRisk">What a power cut of the primary would take now.</param>
/// <param name="Stalled">Why writes do not become durable. No reason against readiness: a restart changes nothing about it.</param>
internal sealed record NamespaceReport(
    string Namespace,
    string Redis,
    bool Connected,
    string? Reason,
    string Durability,
    string AtRisk,
    string? Stalled
);

internal sealed record SubscriptionReport(
    string Namespace,
    string Group,
    string Topic,
    int Streams,
    int Lanes,
    int InFlight,
    double OldestUnansweredSeconds,
    string? Reason
);

internal sealed record LostStreamReport(string Component, string Instance, string Topic, string Reason);

/// <summary>Generated, because a native binary has no reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(LivenessReport))]
[JsonSerializable(typeof(ReadinessReport))]
internal sealed partial class AdminJson : JsonSerializerContext;

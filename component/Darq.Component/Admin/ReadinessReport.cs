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

internal sealed record NamespaceReport(string Namespace, string Redis, bool Connected, string? Reason);

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

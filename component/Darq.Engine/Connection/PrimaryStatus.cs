using Darq.Engine.Durability;

namespace Darq.Engine.Connection;

/// <summary>Whether a primary serves calls.</summary>
/// <param name="Namespace">Whose it is.</param>
/// <param name="Address">Of its Redis.</param>
/// <param name="Why">Why it serves none; null where it serves them.</param>
/// <param name="ReadyFor">For how long it has done so.</param>
/// <param name="Durability">What answers guarantee there.</param>
/// <param name="WhyStalled">Why writes do not become durable; null while they do.</param>
internal sealed record PrimaryStatus(
    string Namespace,
    string Address,
    string? Why,
    TimeSpan ReadyFor,
    DurabilityRung Durability,
    string? WhyStalled
);

using Darq.Engine.Core;

namespace Darq.Engine.Durability;

/// <summary>What a barrier found.</summary>
/// <param name="Durable">Whether all that it was asked about is durable; null where the level in force cannot tell.</param>
/// <param name="WorldLine">The one in which that was found.</param>
/// <param name="Level">The level in force.</param>
/// <param name="Lost">The positions that a recovery has undone; empty where all are there.</param>
internal sealed record BarrierEnd(bool? Durable, long WorldLine, DurabilityLevel Level, IReadOnlyList<WirePosition> Lost);

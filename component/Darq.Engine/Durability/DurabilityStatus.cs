using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Durability;

/// <summary>What a process knows of durability in its namespace.</summary>
/// <param name="Primary">Whose Redis, whether it serves calls, and the rung in force.</param>
/// <param name="WorldLine">Of the last handshake; 0 before the first.</param>
/// <param name="Setting">The setting <c>durability</c>.</param>
/// <param name="Held">The world-line whose loss keeps everything from being released; 0 where nothing is held.</param>
/// <param name="Waiting">How many requests and reads wait for a round.</param>
/// <param name="Watermarks">Of the partitions of which a reply to this process named a position.</param>
internal sealed record DurabilityStatus(
    PrimaryStatus Primary,
    long WorldLine,
    DurabilityLevel Setting,
    long Held,
    int Waiting,
    IReadOnlyList<PartitionWatermark> Watermarks
)
{
    public static DurabilityStatus Of(Primary primary, NamespaceOptions options)
    {
        var status = primary.Status;
        return new(
            status,
            primary.WorldLine,
            options.Durability,
            primary.Hold.WorldLine,
            primary.Watermark.Waiting,
            [
                .. primary
                    .Applied.Watermarks()
                    .Select(known => PartitionWatermark.Of(status.Durability, known.Partition, known.Applied, known.Durable)),
            ]
        );
    }
}

/// <summary>How far one partition has come.</summary>
/// <param name="Applied">The highest position that a reply named.</param>
/// <param name="Durable">How far it is known to be durable; null where nothing is.</param>
internal sealed record PartitionWatermark(WirePosition Applied, WirePosition? Durable)
{
    public static PartitionWatermark Of(DurabilityRung rung, int partition, Position applied, Position durable) =>
        new(
            new(partition, applied),
            !rung.IsDurable ? null
                : !rung.NeedsRounds ? new(partition, applied)
                : durable == default ? null
                : new(partition, durable)
        );
}

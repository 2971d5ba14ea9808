namespace Darq.Benchmarks.Papers;

/// <summary>A level of durability with the servers that it needs.</summary>
/// <param name="Durability">As the setting of a component names it.</param>
/// <param name="Replicas">How many replicas, each of which follows the one before it and flushes each write.</param>
/// <param name="PrimaryFsync">When the primary flushes.</param>
internal sealed record Level(string Durability, int Replicas, string PrimaryFsync)
{
    public static readonly Level ReplicaFsync = new("replica-fsync:1", 1, "everysec");

    /// <summary>Redis keeps its reply back until it has flushed, so that applied is durable.</summary>
    public static readonly Level Fsync = new("fsync", 0, "always");

    /// <summary>Nothing is waited for.</summary>
    public static readonly Level Reply = new("reply", 0, "everysec");

    /// <summary>Which server keeps answers waiting while it flushes, counted from the primary; null where none does.</summary>
    public int? Flushing =>
        Replicas > 0 ? 1
        : PrimaryFsync == "always" ? 0
        : null;
}

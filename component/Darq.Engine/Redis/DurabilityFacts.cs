namespace Darq.Engine.Redis;

/// <summary>What a server says of its persistence and its replicas.</summary>
internal sealed record DurabilityFacts
{
    /// <summary>Which process it is; "" where that is not known.</summary>
    public string ReplicationId { get; init; } = "";

    /// <summary>Whether it writes an append-only file.</summary>
    public bool AppendOnly { get; init; }

    /// <summary>Its <c>appendfsync</c>; null where it may not be asked.</summary>
    public string? AppendFsync { get; init; }

    /// <summary>Whether it leaves out flushes while it rewrites that file; true also where it may not be asked.</summary>
    public bool SkipsFsyncOnRewrite { get; init; }

    /// <summary>What the Redis user may not run of the commands that rounds need; "" where it may run all.</summary>
    public string Forbidden { get; init; } = "";

    /// <summary>Whether it has WAITAOF, as Redis and Valkey do from 7.2, and lets the user run it.</summary>
    public bool HasWaitAof { get; init; }

    /// <summary>Whether sentinels or a cluster may promote a replica without anybody being asked.</summary>
    public bool IsFailedOver { get; init; }

    public IReadOnlyList<ReplicaFacts> Replicas { get; init; } = [];

    /// <summary>Replicas that follow the primary closely.</summary>
    public IEnumerable<ReplicaFacts> Following => Replicas.Where(replica => replica.Follows);

    /// <summary>Whether what it answers is on its disk: it holds replies back until the flush.</summary>
    public bool AlwaysFsyncs => AppendOnly && AppendFsync == "always" && !SkipsFsyncOnRewrite;
}

/// <summary>A replica, as its primary and it itself describe it.</summary>
/// <param name="Address">As the primary names it: host and port.</param>
/// <param name="Follows">Whether it is online and was heard of in the last seconds.</param>
/// <param name="AlwaysFsyncs">Whether it flushes each write to its disk; null where it could not be asked.</param>
/// <param name="Why">Why it could not be asked; "" where it could.</param>
internal sealed record ReplicaFacts(string Address, bool Follows, bool? AlwaysFsyncs = null, string Why = "");

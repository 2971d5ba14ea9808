namespace Darq.Engine.Core;

/// <summary>The namespace of an instance, with its limits and windows.</summary>
internal sealed record NamespaceOptions
{
    /// <summary>Key prefix of all data: 1 to 40 characters of a-z, 0-9 and -.</summary>
    public string Name { get; init; } = "darq";

    /// <summary>Number of partitions, 1 to 1,024; fixed when the namespace is created.</summary>
    public int Partitions { get; init; } = 64;

    /// <summary>How long an explicit message id is remembered at least.</summary>
    public TimeSpan DedupWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a publish without an explicit id is remembered, against repetitions.</summary>
    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the result of a step is kept.</summary>
    public TimeSpan StepRetention { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many messages one topic may hold in one partition before it is full.</summary>
    public long MaxBacklog { get; init; } = 1_000_000;

    /// <summary>How long a call may wait for Redis before it answers Unavailable.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When a write counts as durable, which answers and deliveries wait for.</summary>
    public DurabilityLevel Durability { get; init; }

    /// <summary>When requests that do not say so are answered.</summary>
    public AckLevel Ack { get; init; }

    public DedupBy DedupBy { get; init; }

    public CrossPartitionSteps CrossPartitionSteps { get; init; } = CrossPartitionSteps.Allow;

    /// <summary>Whether a request that asks so, or null where it does not say, is answered when it is durable.</summary>
    public bool MustBeDurable(AckLevel? asked) => (asked ?? Ack) == AckLevel.Durable;
}

/// <summary>What makes two publishes without an explicit id the same.</summary>
internal enum DedupBy
{
    /// <summary>That the sidecar sends one again because the first had no answer.</summary>
    Sidecar,

    /// <summary>Source and id of an event, and equal bytes.</summary>
    Content,

    /// <summary>Source and id of an event.</summary>
    CloudEvent,
}

/// <summary>What happens to a step that touches several partitions; Redis Cluster could not run it.</summary>
internal enum CrossPartitionSteps
{
    Allow,
    Warn,
    Refuse,
}

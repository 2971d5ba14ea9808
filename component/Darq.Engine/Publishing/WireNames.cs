namespace Darq.Engine.Publishing;

/// <summary>
/// The names of request metadata and of a dead letter's metadata. The only place where they are spelled.
/// </summary>
internal static class WireNames
{
    // Request metadata.
    public const string Id = "darq.id";
    public const string Token = "darq.token";
    public const string Consume = "darq.consume";
    public const string Emit = "darq.emit";
    public const string Reads = "darq.reads";
    public const string Ack = "darq.ack";
    public const string PartitionKey = "partitionKey";
    public const string TtlInSeconds = "ttlInSeconds";
    public const string Ttl = "ttl";
    public const string Concurrency = "concurrency";
    public const string RawPayload = "rawPayload";

    // Beside a delivery, and beside a value that is read.
    public const string Durable = "darq-durable";
    public const string Position = "darq-position";

    // Added to the metadata of a dead letter.
    public const string DeadReason = "darq-dead-reason";
    public const string DeadGroup = "darq-dead-group";
    public const string DeadTopic = "darq-dead-topic";
    public const string DeadFailures = "darq-dead-failures";
    public const string DeadId = "darq-dead-id";
    public const string DeadMessage = "darq-dead-message";
    public const string DeadTime = "darq-dead-time";

    /// <summary>Some SDKs show an app only headers whose name begins with this, and cut it off.</summary>
    public const string ShownPrefix = "metadata.";

    /// <summary>Headers that a delivery adds, without the prefix that some of them have as well.</summary>
    private static readonly string[] OfDelivery =
    [
        "darq-token",
        "darq-id",
        "darq-idempotency-key",
        "darq-attempt",
        "darq-world-line",
        "darq-partition",
        Durable,
        Position,
    ];

    /// <summary>Whether the name is that of a header of a delivery, in any of the forms in which apps see it.</summary>
    public static bool IsOfDelivery(string name)
    {
        var bare = Bare(name);
        return IsDeadLetter(bare) || Array.Exists(OfDelivery, header => header.Equals(bare, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Whether the name is that of metadata beside a value that was read, which some SDKs send along when it is written back.
    /// </summary>
    public static bool IsOfValue(string name) =>
        name.Equals(Durable, StringComparison.OrdinalIgnoreCase) || name.Equals(Position, StringComparison.OrdinalIgnoreCase);

    /// <summary>A name without the prefix.</summary>
    public static string Bare(string name) =>
        name.StartsWith(ShownPrefix, StringComparison.OrdinalIgnoreCase) ? name[ShownPrefix.Length..] : name;

    public static bool IsDeadLetter(string name) => name.StartsWith("darq-dead-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Request metadata of later versions, which this version refuses rather than ignores.</summary>
    public static readonly string[] NotYet = ["darq.producer", "darq.seq", "darq.step", "darq.timers", "delay", "deliverAt"];

    /// <summary>Key of the operation that a step without state needs to reach the component; never stored.</summary>
    public const string StepMarkerKey = "darq-step";

    /// <summary>Whether the component itself adds or reads the name: dropped from a publisher's metadata.</summary>
    public static bool IsReserved(string name)
    {
        var bare = Bare(name);
        return bare.StartsWith("darq-", StringComparison.OrdinalIgnoreCase)
            || bare.StartsWith("darq.", StringComparison.OrdinalIgnoreCase)
            || name.Equals("pubsubName", StringComparison.OrdinalIgnoreCase)
            || name.Equals("content-type", StringComparison.OrdinalIgnoreCase);
    }
}

namespace Darq.Engine.Publishing;

/// <summary>
/// The names on the wire, as DESIGN fixes them: request metadata that the component understands, and what it adds to a
/// delivery as a header and as an attribute of the event. The only place where they are spelled.
/// </summary>
internal static class WireNames
{
    // Request metadata.
    public const string Id = "darq.id";
    public const string Token = "darq.token";
    public const string Consume = "darq.consume";
    public const string Emit = "darq.emit";
    public const string Ack = "darq.ack";
    public const string PartitionKey = "partitionKey";
    public const string TtlInSeconds = "ttlInSeconds";
    public const string Ttl = "ttl";

    // What a dead letter says of itself, among the message's metadata.
    public const string DeadReason = "darq-dead-reason";
    public const string DeadGroup = "darq-dead-group";
    public const string DeadTopic = "darq-dead-topic";
    public const string DeadFailures = "darq-dead-failures";
    public const string DeadId = "darq-dead-id";
    public const string DeadMessage = "darq-dead-message";
    public const string DeadTime = "darq-dead-time";

    public static bool IsDeadLetter(string name) => name.StartsWith("darq-dead-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Request metadata of the design that this version refuses rather than ignores.</summary>
    public static readonly string[] NotYet = ["darq.producer", "darq.seq", "darq.step", "delay", "deliverAt"];

    /// <summary>Key of a state operation that only makes a step without state reach the component; never stored.</summary>
    public const string StepMarkerKey = "darq-step";

    /// <summary>Prefixes of what the component adds or understands: dropped from what publishers send along.</summary>
    public static bool IsReserved(string name) =>
        name.StartsWith("darq-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("darq.", StringComparison.OrdinalIgnoreCase)
        || name.Equals("pubsubName", StringComparison.OrdinalIgnoreCase)
        || name.Equals("content-type", StringComparison.OrdinalIgnoreCase);
}

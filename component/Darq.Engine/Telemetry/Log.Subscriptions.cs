using Darq.Engine.Core;

namespace Darq.Engine.Telemetry;

internal static partial class Log
{
    [LoggerMessage(400, LogLevel.Information, "Group {Group} delivers from {Count} lanes of topic {Topic}")]
    public static partial void LanesWereClaimed(this ILogger log, string group, int count, string topic);

    [LoggerMessage(
        401,
        LogLevel.Warning,
        "Group {Group} lost {Count} lanes of topic {Topic}; their unanswered messages will be delivered again by the holder"
    )]
    public static partial void LanesWereLost(this ILogger log, string group, int count, string topic);

    [LoggerMessage(402, LogLevel.Information, "Group {Group} handed over {Count} lanes of topic {Topic} to session {Session}")]
    public static partial void LanesWereHandedOver(this ILogger log, string group, int count, string topic, string session);

    [LoggerMessage(
        403,
        LogLevel.Debug,
        "A delivery failed: group {Group}, topic {Topic}, message {Message}, failure {Failures}, again in {DelayMs} ms"
    )]
    public static partial void DeliveryFailed(this ILogger log, string group, string topic, string message, int failures, long delayMs);

    [LoggerMessage(404, LogLevel.Warning, "Lanes of topic {Topic} could not be tended ({Why}); it is tried again")]
    public static partial void TendingFailed(this ILogger log, string topic, string why);

    [LoggerMessage(405, LogLevel.Error, "A loop of the subscription to {Topic} failed on a fault of the component's own; it begins again")]
    public static partial void SubscriptionFailed(this ILogger log, string topic, Exception fault);

    [LoggerMessage(406, LogLevel.Debug, "A heartbeat was not written: {Why}")]
    public static partial void HeartbeatFailed(this ILogger log, string why);

    [LoggerMessage(
        407,
        LogLevel.Warning,
        "Wake-ups could not be subscribed to ({Why}); new messages are found by asking once a second until then"
    )]
    public static partial void ListeningFailed(this ILogger log, string why);

    [LoggerMessage(
        408,
        LogLevel.Error,
        "Topic {Topic}, partition {Partition}: stream entry {Id} is none that this component wrote ({Why}); it is left pending and "
            + "not delivered"
    )]
    public static partial void EntryWasDamaged(this ILogger log, string topic, int partition, string id, string why);

    [LoggerMessage(409, LogLevel.Warning, "Topic {Topic}, partition {Partition} could not be read ({Why}); it is tried again")]
    public static partial void ReadingFailed(this ILogger log, string topic, int partition, string why);

    [LoggerMessage(
        410,
        LogLevel.Warning,
        "Group {Group} took over {Count} lanes of topic {Topic} from session {Session}, which went silent"
    )]
    public static partial void LanesWereTakenOver(this ILogger log, string group, int count, string topic, string session);

    [LoggerMessage(
        412,
        LogLevel.Error,
        "Telling others that this process lives, or hearing of appends, failed on a fault of the component's own; it goes on"
    )]
    public static partial void MembershipFailed(this ILogger log, Exception fault);

    [LoggerMessage(
        411,
        LogLevel.Warning,
        "Group {Group} has {Count} members that take topic {Topic}, which has {Partitions} partitions: some of them have nothing to do"
    )]
    public static partial void MembersExceedLanes(this ILogger log, string group, int count, string topic, int partitions);

    [LoggerMessage(
        420,
        LogLevel.Debug,
        "Group {Group}, topic {Topic}, partition {Partition}: message {StreamId} waits in the retry queue after {Failures} failures, "
            + "and those behind it"
    )]
    public static partial void MessageWasParked(
        this ILogger log,
        string group,
        string topic,
        int partition,
        Position streamId,
        int failures
    );

    [LoggerMessage(
        421,
        LogLevel.Warning,
        "Group {Group} gives up message {Message} of topic {Topic} after {Failures} failures ({Reason}); it moves to topic {Letters}"
    )]
    public static partial void MessageIsGivenUp(
        this ILogger log,
        string group,
        string topic,
        string message,
        int failures,
        string reason,
        string letters
    );

    [LoggerMessage(
        422,
        LogLevel.Warning,
        "Message {Message} of group {Group}, topic {Topic}, stays in the retry queue: its dead-letter topic {Letters} is full (maxBacklog)"
    )]
    public static partial void DeadLetterTopicIsFull(this ILogger log, string group, string topic, string message, string letters);
}

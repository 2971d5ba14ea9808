using Darq.Engine.Core;

namespace Darq.Engine.Telemetry;

/// <summary>Log messages of Subscriptions: event ids 400-499. No payloads, no secrets.</summary>
internal static partial class SubscriptionsLog
{
    [LoggerMessage(400, LogLevel.Information, "Group {Group} delivers from {Count} lanes of topic {Topic}")]
    public static partial void LanesWereClaimed(this ILogger log, string group, int count, string topic);

    [LoggerMessage(
        401,
        LogLevel.Warning,
        "Group {Group} lost {Count} lanes of topic {Topic}; their unanswered messages will be delivered again by the owner"
    )]
    public static partial void LanesWereLost(this ILogger log, string group, int count, string topic);

    [LoggerMessage(402, LogLevel.Information, "Group {Group} handed over {Count} lanes of topic {Topic} to session {Session}")]
    public static partial void LanesWereHandedOver(this ILogger log, string group, int count, string topic, string session);

    [LoggerMessage(
        403,
        LogLevel.Debug,
        "A delivery failed ({Reason}): group {Group}, topic {Topic}, message {Message}, failure {Failures}, again in {DelayMs} ms"
    )]
    public static partial void DeliveryFailed(
        this ILogger log,
        string group,
        string topic,
        string message,
        string reason,
        int failures,
        long delayMs
    );

    [LoggerMessage(406, LogLevel.Debug, "A heartbeat was not written: {Why}")]
    public static partial void HeartbeatFailed(this ILogger log, string why);

    [LoggerMessage(
        408,
        LogLevel.Error,
        "Topic {Topic}, partition {Partition}: stream entry {Id} was not written by this component ({Why}); it stays pending and is "
            + "not delivered"
    )]
    public static partial void EntryWasDamaged(this ILogger log, string topic, int partition, string id, string why);

    [LoggerMessage(
        410,
        LogLevel.Warning,
        "Group {Group} took over {Count} lanes of topic {Topic} from session {Session}, which went silent"
    )]
    public static partial void LanesWereTakenOver(this ILogger log, string group, int count, string topic, string session);

    [LoggerMessage(
        411,
        LogLevel.Warning,
        "Group {Group} has {Count} members that take topic {Topic}, which has {Partitions} partitions: some of them have nothing to do"
    )]
    public static partial void MembersExceedLanes(this ILogger log, string group, int count, string topic, int partitions);

    [LoggerMessage(
        404,
        LogLevel.Error,
        "Handling an answer to a delivery of group {Group}, topic {Topic}, failed on a fault inside the component"
    )]
    public static partial void AnswerFailed(this ILogger log, string group, string topic, Exception fault);

    [LoggerMessage(405, LogLevel.Warning, "Lanes of {Name} were not released ({Why}); others take them when the heartbeat has lapsed")]
    public static partial void LanesWereNotReleased(this ILogger log, string name, string why);

    [LoggerMessage(
        420,
        LogLevel.Debug,
        "Group {Group}, topic {Topic}, partition {Partition}: message {StreamId} waits in the retry queue after {Failures} failures, "
            + "and the later ones of its key behind it"
    )]
    public static partial void MessageWasQueued(
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
        "Group {Group} gives up message {Message} of topic {Topic} after {Failures} failures ({Reason}); it moves to its dead-letter topic"
    )]
    public static partial void MessageIsGivenUp(this ILogger log, string group, string topic, string message, int failures, string reason);

    [LoggerMessage(
        422,
        LogLevel.Warning,
        "Message {Message} of group {Group}, topic {Topic}, stays in the retry queue: its dead-letter topic is full (maxBacklog)"
    )]
    public static partial void DeadLetterTopicIsFull(this ILogger log, string group, string topic, string message);

    [LoggerMessage(
        423,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}, partition {Partition}: Redis refused the outcome of message {Message} ({Why}); it is sent again "
            + "every second, and the lane waits"
    )]
    public static partial void OutcomeWasRefused(this ILogger log, string group, string topic, int partition, string message, string why);

    [LoggerMessage(440, LogLevel.Information, "Group {Group}, topic {Topic}, partition {Partition}: Redis takes outcomes again")]
    public static partial void OutcomesAreTaken(this ILogger log, string group, string topic, int partition);

    [LoggerMessage(
        424,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}, partition {Partition}: moving messages to the retry queue failed ({Why}); it is tried again"
    )]
    public static partial void RetryQueueRefused(this ILogger log, string group, string topic, int partition, string why);

    [LoggerMessage(
        425,
        LogLevel.Error,
        "Message {Message} of topic {Topic} is damaged and cannot be delivered ({Why}); that counts as a failed delivery"
    )]
    public static partial void MessageWasUndeliverable(this ILogger log, string topic, string message, string why);

    [LoggerMessage(
        426,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: message {Message} with key '{Key}' failed {Failures} times (the last time: {Reason}); it is "
            + "delivered again in {DelayMs} ms, and {Behind} later messages of its key wait for it"
    )]
    public static partial void DeliveryFailsAgain(
        this ILogger log,
        string group,
        string topic,
        string message,
        string key,
        int failures,
        string reason,
        long delayMs,
        int behind
    );

    [LoggerMessage(
        427,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: attempt {Attempt} of message {Message} with key '{Key}' is not answered since {Time}; {Behind} "
            + "later messages of its key wait for it"
    )]
    public static partial void HandlerIsSlow(
        this ILogger log,
        string group,
        string topic,
        string message,
        string key,
        int attempt,
        TimeSpan time,
        int behind
    );

    [LoggerMessage(
        429,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: message {Message} was acknowledged without its step (requireStep); that counts as a failed delivery"
    )]
    public static partial void AcknowledgedWithoutStep(this ILogger log, string group, string topic, string message);

    [LoggerMessage(
        430,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: message {Message} was not answered within processingTimeout ({Timeout}); that counts as a failed "
            + "delivery"
    )]
    public static partial void ProcessingTimedOut(this ILogger log, string group, string topic, string message, TimeSpan timeout);

    [LoggerMessage(
        431,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: the answer to message {Message} is neither a step nor {{\"status\":\"SUCCESS\"}}; that counts as a "
            + "failed delivery. Where the app's SDK drops the answer, set emptyAnswer: ack"
    )]
    public static partial void AnswerWasUnclear(this ILogger log, string group, string topic, string message);

    [LoggerMessage(
        432,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: the step of message {Message} met another value than it had read for the {Conflicts}th time (now of "
            + "{Keys}); that counts as a failed delivery"
    )]
    public static partial void StepConflicts(this ILogger log, string group, string topic, string message, int conflicts, string keys);

    [LoggerMessage(
        433,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: a stream ended {Streams} times while the app had message {Message}; that counts as a failed delivery"
    )]
    public static partial void StreamsWereLost(this ILogger log, string group, string topic, int streams, string message);

    [LoggerMessage(
        434,
        LogLevel.Warning,
        "Streams of group {Group} on topic {Topic} are open with different settings; those of the newest hold for all of them: {Changes}"
    )]
    public static partial void StreamsDiffer(this ILogger log, string group, string topic, string changes);

    [LoggerMessage(
        435,
        LogLevel.Error,
        "Group {Group} does not get partition {Partition} of topic {Topic}, because a key in Redis is damaged ({Damage}); the others go "
            + "on. `darq repair` shows what it would do about it"
    )]
    public static partial void LaneIsDamaged(this ILogger log, string group, string topic, int partition, string damage);

    [LoggerMessage(436, LogLevel.Information, "Group {Group} gets partition {Partition} of topic {Topic} again: its keys are sound")]
    public static partial void LaneWasRepaired(this ILogger log, string group, string topic, int partition);

    [LoggerMessage(
        437,
        LogLevel.Error,
        "The heartbeat of {Session} was in another form and has been removed; each session writes its own again if it is alive"
    )]
    public static partial void HeartbeatWasDamaged(this ILogger log, string session);

    [LoggerMessage(
        438,
        LogLevel.Information,
        "A stream on topic {Topic} takes nothing more ({Why}); what is unanswered goes to another once its sidecar has closed it"
    )]
    public static partial void StreamTookNothingMore(this ILogger log, string topic, string why);

    [LoggerMessage(
        439,
        LogLevel.Information,
        "Topic {Topic} has the dead letters of group {Group}, which subscribes to it: maxDeliveries does not hold there"
    )]
    public static partial void DeadLettersAreRepeated(this ILogger log, string group, string topic);

    [LoggerMessage(
        441,
        LogLevel.Warning,
        "Group {Group}, topic {Topic}: message {Message} came back {Times} times because its app could not be reached, which counts as no "
            + "failed delivery; it is delivered again. Where the app is there for other messages, this one may crash it"
    )]
    public static partial void AppWasNotReached(this ILogger log, string group, string topic, string message, int times);

    [LoggerMessage(
        442,
        LogLevel.Warning,
        "Group {Group} waits for {Count} lanes of topic {Topic} since {Time}: session {Session} is alive and keeps them, and takes nothing "
            + "more of that topic"
    )]
    public static partial void LanesAreWithheld(this ILogger log, string group, int count, string topic, TimeSpan time, string session);

    [LoggerMessage(
        443,
        LogLevel.Error,
        "Topic {Topic}, partition {Partition}: the retry queue is damaged ({Why}); its messages wait until that is repaired, the others go on"
    )]
    public static partial void RetryQueueIsDamaged(this ILogger log, string topic, int partition, string why);

    [LoggerMessage(428, LogLevel.Error, "Sending messages of group {Group}, topic {Topic} met a fault of the component's own")]
    public static partial void DispatchFailed(this ILogger log, string group, string topic, Exception fault);
}

using Darq.Engine.Core;

namespace Darq.Engine.Telemetry;

/// <summary>Log messages of Connection and Batching: event ids 300-399. No payloads, no secrets.</summary>
internal static partial class ConnectionLog
{
    [LoggerMessage(300, LogLevel.Information, "Connected to Redis: namespace {Namespace}, world-line {WorldLine}, session {Session}")]
    public static partial void PrimaryWasConnected(this ILogger log, string @namespace, long worldLine, string session);

    [LoggerMessage(
        301,
        LogLevel.Warning,
        "Lost the connection to Redis at {Address} ({Why}); calls answer Unavailable, streams stay open, and the component keeps trying"
    )]
    public static partial void ConnectionWasLost(this ILogger log, string address, string why);

    [LoggerMessage(302, LogLevel.Error, "Redis cannot be used: {Why}")]
    public static partial void PrimaryWasRefused(this ILogger log, string why);

    [LoggerMessage(
        303,
        LogLevel.Error,
        "Redis lost writes it had applied in {Count} partitions, for example partition {Partition}: applied up to {Applied}, "
            + "survived up to {Survived}"
    )]
    public static partial void AppliedWritesWereLost(this ILogger log, int count, int partition, Position applied, Position survived);

    [LoggerMessage(
        309,
        LogLevel.Error,
        "A partition header in Redis is damaged ({Damage}); what needs this partition fails, the others go on. `darq repair` shows what it "
            + "would do about it"
    )]
    public static partial void HeaderIsDamaged(this ILogger log, string damage);

    [LoggerMessage(
        310,
        LogLevel.Warning,
        "Redis at {Address} refuses calls: {Why}. They are repeated until it takes them; callers hear of it after callTimeout"
    )]
    public static partial void RedisRefuses(this ILogger log, string address, string why);

    [LoggerMessage(311, LogLevel.Information, "Redis at {Address} takes calls again; {Code} lasted {Length}")]
    public static partial void RedisTakesCallsAgain(this ILogger log, string address, string code, TimeSpan length);

    [LoggerMessage(
        312,
        LogLevel.Error,
        "Redis refuses requests because of damage: {Damage}. What needs it fails, the rest goes on. `darq repair` shows what it would do "
            + "about it"
    )]
    public static partial void KeyIsDamaged(this ILogger log, string damage);

    [LoggerMessage(
        313,
        LogLevel.Warning,
        "Redis has other data of namespace {Namespace} than those of identity {Identity}, and an operator accepted that: what this component "
            + "knew of those is dropped"
    )]
    public static partial void DataWereReplaced(this ILogger log, string @namespace, string identity);

    [LoggerMessage(
        314,
        LogLevel.Information,
        "Durability of namespace {Namespace} is {Setting}, on this Redis {Level}: a power cut of the primary now would lose {AtRisk}"
    )]
    public static partial void DurabilityIs(this ILogger log, string @namespace, string setting, string level, string atRisk);

    [LoggerMessage(315, LogLevel.Warning, "Durability of namespace {Namespace}: {Warning}")]
    public static partial void DurabilityIsDoubtful(this ILogger log, string @namespace, string warning);

    [LoggerMessage(
        316,
        LogLevel.Error,
        "Durability {Level} is not reached: {Confirmed} of {Needed} replicas confirm. Answers and deliveries wait until enough do"
    )]
    public static partial void DurabilityIsNotReached(this ILogger log, string level, int confirmed, int needed);

    [LoggerMessage(317, LogLevel.Information, "Durability {Level} is reached again")]
    public static partial void DurabilityIsReachedAgain(this ILogger log, string level);

    [LoggerMessage(
        318,
        LogLevel.Critical,
        "Redis lost writes that it had confirmed as durable ({Level}), of partition {Partition} all behind {Survived}: what others were told "
            + "or given of them is contradicted. Look at what became of the primary and its replicas"
    )]
    public static partial void DurablePromiseWasBroken(this ILogger log, string level, int partition, Position survived);

    [LoggerMessage(
        319,
        LogLevel.Critical,
        "Durable answers and deliveries of namespace {Namespace} are held, because Redis has lost writes of world-line {WorldLine} that it "
            + "had confirmed. Find out what became of them; then accept the loss: darq repair --accepts-loss {WorldLine} --apply "
            + "--namespace {Namespace}"
    )]
    public static partial void ReleasesAreHeld(this ILogger log, string @namespace, long worldLine);

    [LoggerMessage(
        320,
        LogLevel.Warning,
        "Durable answers and deliveries of namespace {Namespace} go on: an operator accepted what was lost of world-line {WorldLine}"
    )]
    public static partial void ReleasesGoOn(this ILogger log, string @namespace, long worldLine);

    [LoggerMessage(
        321,
        LogLevel.Warning,
        "Redis at {Address} was started again and does not write its append-only file anew ({Why}): where the crash tore the file, the "
            + "next start executes half of a call. Run BGREWRITEAOF, and allow the component +bgrewriteaof where it may not; where the service "
            + "forbids it, fail over to a replica"
    )]
    public static partial void FileWasNotRewritten(this ILogger log, string address, string why);

    [LoggerMessage(304, LogLevel.Warning, "Redis has no record of this session ({Code}); a new one was opened")]
    public static partial void SessionWasGone(this ILogger log, string code);

    [LoggerMessage(305, LogLevel.Error, "A batch of {Count} requests failed on a fault inside the component; the queue continues")]
    public static partial void BatchFailed(this ILogger log, int count, Exception fault);

    [LoggerMessage(306, LogLevel.Error, "A fault inside the component kept a subscription from taking a message appended to topic {Topic}")]
    public static partial void AppendedFailed(this ILogger log, string topic, Exception fault);

    [LoggerMessage(307, LogLevel.Error, "Reading the reply to a request '{Request}' failed on a fault inside the component")]
    public static partial void ReplyFailed(this ILogger log, string request, Exception fault);

    [LoggerMessage(
        308,
        LogLevel.Warning,
        "No Redis has answered at {Address} since start ({Why}); check redisHost. Calls answer Unavailable, and the component keeps trying"
    )]
    public static partial void RedisNeverAnswered(this ILogger log, string address, string why);
}

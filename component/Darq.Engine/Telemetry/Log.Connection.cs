using Darq.Engine.Core;

namespace Darq.Engine.Telemetry;

/// <summary>What is logged, in blocks of a hundred event ids per folder. No payloads, no secrets.</summary>
internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Information, "Connected to Redis: namespace {Namespace}, world-line {WorldLine}, session {Session}")]
    public static partial void PrimaryWasConnected(this ILogger log, string @namespace, long worldLine, string session);

    [LoggerMessage(
        301,
        LogLevel.Warning,
        "Lost contact with Redis ({Why}); calls answer Unavailable, streams stay open, and it is tried again"
    )]
    public static partial void ConnectionWasLost(this ILogger log, string why);

    [LoggerMessage(302, LogLevel.Error, "Redis cannot be worked with: {Why}")]
    public static partial void PrimaryWasRefused(this ILogger log, string why);

    [LoggerMessage(
        303,
        LogLevel.Error,
        "Redis lost writes it had applied in {Count} partitions, for example partition {Partition}: applied up to {Applied}, "
            + "survived up to {Survived}"
    )]
    public static partial void AppliedWritesWereLost(this ILogger log, int count, int partition, Position applied, Position survived);

    [LoggerMessage(304, LogLevel.Warning, "Redis no longer knows this session ({Code}); a new one was opened")]
    public static partial void SessionWasGone(this ILogger log, string code);

    [LoggerMessage(305, LogLevel.Error, "A batch of {Count} requests failed on a fault of the component's own; the queue goes on")]
    public static partial void BatchFailed(this ILogger log, int count, Exception fault);

    [LoggerMessage(306, LogLevel.Error, "Taking in a message appended to topic {Topic} failed on a fault of the component's own")]
    public static partial void AppendedFailed(this ILogger log, string topic, Exception fault);

    [LoggerMessage(307, LogLevel.Error, "The reply to a request '{Request}' met a fault of the component's own; its caller is told")]
    public static partial void ReplyFailed(this ILogger log, string request, Exception fault);
}

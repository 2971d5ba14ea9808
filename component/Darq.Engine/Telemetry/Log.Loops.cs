using Microsoft.Extensions.Logging;

namespace Darq.Engine.Telemetry;

internal static partial class Log
{
    [LoggerMessage(600, LogLevel.Warning, "Loop '{Loop}' is held up: {Why}. It goes on by itself")]
    public static partial void LoopIsHeldUp(this ILogger log, string loop, string why);

    [LoggerMessage(601, LogLevel.Information, "Loop '{Loop}' goes on after {Failures} failed rounds")]
    public static partial void LoopGoesOn(this ILogger log, string loop, int failures);

    [LoggerMessage(602, LogLevel.Error, "Loop '{Loop}' failed on a fault of the component's own; it begins again")]
    public static partial void LoopFailed(this ILogger log, string loop, Exception fault);
}

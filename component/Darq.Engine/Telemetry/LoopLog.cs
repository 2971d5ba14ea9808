namespace Darq.Engine.Telemetry;

/// <summary>Log messages of SupervisedLoop: event ids 600-699. No payloads, no secrets.</summary>
internal static partial class LoopLog
{
    [LoggerMessage(600, LogLevel.Warning, "Loop '{Loop}' fails: {Why}. It keeps trying")]
    public static partial void LoopRoundFailed(this ILogger log, string loop, string why);

    [LoggerMessage(601, LogLevel.Information, "Loop '{Loop}' works again after {Failures} failed rounds")]
    public static partial void LoopRecovered(this ILogger log, string loop, int failures);

    [LoggerMessage(602, LogLevel.Error, "Loop '{Loop}' failed on a fault inside the component; it begins again")]
    public static partial void LoopFailed(this ILogger log, string loop, Exception fault);
}

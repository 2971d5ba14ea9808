namespace Darq.Engine.Telemetry;

/// <summary>Log messages of Steps: event ids 500-599. No payloads, no secrets.</summary>
internal static partial class StepsLog
{
    [LoggerMessage(
        500,
        LogLevel.Warning,
        "A step touches {Count} partitions, which Redis Cluster would refuse (crossPartitionSteps is warn; logged once)"
    )]
    public static partial void CrossPartitionStepWasSeen(this ILogger log, int count);
}

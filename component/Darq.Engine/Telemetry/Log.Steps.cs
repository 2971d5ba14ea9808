namespace Darq.Engine.Telemetry;

internal static partial class Log
{
    [LoggerMessage(
        500,
        LogLevel.Warning,
        "A step touches {Count} partitions; on Redis Cluster it would be refused (crossPartitionSteps is warn; said once)"
    )]
    public static partial void CrossPartitionStepWasSeen(this ILogger log, int count);
}

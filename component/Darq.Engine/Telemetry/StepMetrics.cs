using System.Diagnostics.Metrics;

namespace Darq.Engine.Telemetry;

/// <summary>
/// The metrics of steps: <c>darq.steps.cross_partition</c>, steps that touch several partitions, which a Redis Cluster of several shards
/// could not do.
/// </summary>
internal static class StepMetrics
{
    private static readonly Counter<long> CrossPartition = EngineMeter.Instance.CreateCounter<long>("darq.steps.cross_partition");

    public static void CountCrossPartition() => CrossPartition.Add(1);
}

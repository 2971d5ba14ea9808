using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Darq.Engine.Telemetry;

/// <summary>
/// The metrics of the running loops: <c>darq.loop.age</c>, seconds since the last round that ended well (0 while a loop waits for work; of
/// loops with one name the oldest), and <c>darq.loop.failures</c>, rounds that ended in a fault.
/// </summary>
internal static class LoopMetrics
{
    private static readonly ConcurrentDictionary<SupervisedLoop, bool> Loops = new();
    private static readonly Counter<long> FailureCounter = EngineMeter.Instance.CreateCounter<long>("darq.loop.failures");

    static LoopMetrics() => EngineMeter.Instance.CreateObservableGauge("darq.loop.age", Ages, "s");

    public static void Add(SupervisedLoop loop) => Loops[loop] = true;

    public static void Remove(SupervisedLoop loop) => Loops.TryRemove(loop, out _);

    public static void CountFailure(SupervisedLoop loop) => FailureCounter.Add(1, new KeyValuePair<string, object?>("loop", loop.Name));

    private static IEnumerable<Measurement<double>> Ages() =>
        Loops
            .Keys.GroupBy(loop => loop.Name)
            .Select(named => new Measurement<double>(
                named.Max(loop => loop.Age.TotalSeconds),
                new KeyValuePair<string, object?>("loop", named.Key)
            ));
}

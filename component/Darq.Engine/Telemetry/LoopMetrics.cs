using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Darq.Engine.Telemetry;

/// <summary>What is counted of all loops with one kind and one subject, such as the four readers of a subscription.</summary>
internal sealed record LoopCounters(KeyValuePair<string, object?>[] Tags, Count Failures);

/// <summary>The running loops and their measurements. Of loops that count together the oldest age is exported.</summary>
internal static class LoopMetrics
{
    private static readonly ConcurrentDictionary<SupervisedLoop, bool> Running = new();
    private static readonly ConcurrentDictionary<string, CounterTable<LoopCounters>> Counters = new(StringComparer.Ordinal);

    /// <summary>The loops that were started and not yet ended by their owner.</summary>
    public static IEnumerable<SupervisedLoop> All => Running.Keys;

    public static void Add(SupervisedLoop loop) => Running[loop] = true;

    public static void Remove(SupervisedLoop loop) => Running.TryRemove(loop, out _);

    /// <summary>Removes all that live on a clock: those of a simulated process, which is killed and so ends none itself.</summary>
    public static void Forget(TimeProvider time)
    {
        foreach (var loop in All.Where(loop => loop.Time == time))
        {
            Remove(loop);
        }
    }

    /// <summary>As many as there are subscriptions with counters of their own, of each kind of loop.</summary>
    public static LoopCounters Of(string kind, MetricLabels subject) =>
        Counters
            .GetOrAdd(kind, kind => new(EngineCounters.MaxSubscriptions, labels => new(labels.With("loop", kind), new())))
            .Of(subject.Namespace, subject.Group, subject.Topic);

    public static IEnumerable<Measurement<double>> Ages() =>
        Running
            .Keys.GroupBy(loop => loop.Counters)
            .Select(of => new Measurement<double>(of.Max(loop => loop.Age.TotalSeconds), of.Key.Tags));

    public static IEnumerable<Measurement<long>> Failures() =>
        Counters.Values.SelectMany(kind => kind.All).Select(of => new Measurement<long>(of.Failures.Value, of.Tags));
}

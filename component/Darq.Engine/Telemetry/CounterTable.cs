using System.Collections.Concurrent;

namespace Darq.Engine.Telemetry;

/// <summary>
/// The counters of one kind by their labels. They stay for the life of the process, so that no count falls when a sidecar sends Init
/// again. At most <paramref name="max"/> are made: what comes later counts together, so that no client decides how much is exported.
/// </summary>
internal sealed class CounterTable<TCounters>(int max, Func<MetricLabels, TCounters> create)
{
    /// <summary>Stands for what has no counters of its own.</summary>
    public const string Other = "(other)";

    private readonly Lock _adding = new();
    private readonly ConcurrentDictionary<(string Namespace, string Group, string Topic), TCounters> _counters = new();

    public IEnumerable<TCounters> All => _counters.Values;

    public TCounters Of(string @namespace, string group = "", string topic = "") =>
        _counters.TryGetValue((@namespace, group, topic), out var counters) ? counters : Add(@namespace, group, topic);

    private TCounters Add(string @namespace, string group, string topic)
    {
        lock (_adding)
        {
            var isKept = _counters.Count < max - 1 || _counters.ContainsKey((@namespace, group, topic));
            var key = isKept ? (@namespace, group, topic) : (Other, group.Length > 0 ? Other : "", topic.Length > 0 ? Other : "");
            return _counters.GetOrAdd(key, of => create(new(of.Item1, of.Item2, of.Item3)));
        }
    }
}

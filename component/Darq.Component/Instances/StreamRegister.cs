using Darq.Component.Telemetry;

namespace Darq.Component.Instances;

/// <summary>
/// Which topics sidecars have streams on, and which of these streams are lost. A sidecar opens a stream once: where this component ended
/// it, by a restart or a fault, or refused it, nothing is delivered until the sidecar restarts. The topics stand in the kept Inits, so
/// that the component knows after its own restart what there was before. Memory: one entry for each topic of each instance, and at most
/// <see cref="MaxLost"/> lost ones.
/// </summary>
internal sealed class StreamRegister(InitFolder folder, ILogger<StreamRegister> log)
{
    public const int MaxLost = 100;

    private const string BeforeRestart =
        "its sidecar had a stream open before this component restarted, and opens none again; restart the sidecar";

    private readonly Lock _lock = new();

    // Under _lock.
    private readonly Dictionary<(SidecarProcess Process, InstanceKey Key), HashSet<string>> _kept = [];
    private readonly Dictionary<(SidecarProcess Process, InstanceKey Key, string Topic), string> _lost = [];
    private readonly Dictionary<(SidecarProcess Process, InstanceKey Key, string Topic), int> _open = [];

    public IReadOnlyList<LostStream> Lost
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _lost
                        .Select(lost => new LostStream(lost.Key.Key.Service, lost.Key.Key.Name, lost.Key.Topic, lost.Value))
                        .OrderBy(lost => (lost.Service, lost.Instance, lost.Topic)),
                ];
            }
        }
    }

    /// <summary>Takes in what was kept before a restart. Instances that a sidecar has initialised meanwhile are known already.</summary>
    public void Recall(IEnumerable<InitRecord> records)
    {
        lock (_lock)
        {
            foreach (var record in records.Where(record => !_kept.ContainsKey((record.Process, record.Key))))
            {
                _kept[(record.Process, record.Key)] = [.. record.Topics ?? []];
                foreach (var topic in record.Topics ?? [])
                {
                    Lose((record.Process, record.Key, topic), BeforeRestart);
                }
            }
        }
    }

    /// <summary>Whether streams of an instance are still missing that were open before this component restarted.</summary>
    public bool IsLostByRestart(InitRecord record)
    {
        lock (_lock)
        {
            return _lost.Any(lost => lost.Key.Process == record.Process && lost.Key.Key == record.Key && lost.Value == BeforeRestart);
        }
    }

    /// <summary>
    /// A sidecar sent an Init, so that its streams follow. Returns the topics of streams that are open, to be kept with it: they stay where
    /// the sidecar only repeats its Init.
    /// </summary>
    public IReadOnlyList<string> Initialised(InitRecord record)
    {
        lock (_lock)
        {
            var topics = TopicsOf(record);
            foreach (var lost in _lost.Keys.Where(of => of.Process == record.Process && of.Key == record.Key).ToArray())
            {
                topics.Remove(lost.Topic);
                _lost.Remove(lost);
            }

            return [.. topics.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The process of a sidecar has ended, and with it whoever missed the streams.</summary>
    public void Forget(SidecarProcess process)
    {
        lock (_lock)
        {
            foreach (var kept in _kept.Keys.Where(of => of.Process == process).ToArray())
            {
                _kept.Remove(kept);
            }

            foreach (var lost in _lost.Keys.Where(of => of.Process == process).ToArray())
            {
                _lost.Remove(lost);
            }

            foreach (var open in _open.Keys.Where(of => of.Process == process).ToArray())
            {
                _open.Remove(open);
            }
        }
    }

    public void Opened(Instance instance, string topic)
    {
        lock (_lock)
        {
            var stream = (instance.Record.Process, instance.Key, topic);
            _lost.Remove(stream);
            _open[stream] = _open.GetValueOrDefault(stream) + 1;
            if (TopicsOf(instance.Record).Add(topic))
            {
                Keep(instance);
            }
        }
    }

    /// <summary>Its sidecar closed it. Another one on the topic may still be open.</summary>
    public void Closed(Instance instance, string topic)
    {
        lock (_lock)
        {
            var stream = (instance.Record.Process, instance.Key, topic);
            if (_open.GetValueOrDefault(stream) is > 1 and var open)
            {
                _open[stream] = open - 1;
                return;
            }

            _open.Remove(stream);
            if (TopicsOf(instance.Record).Remove(topic))
            {
                Keep(instance);
            }
        }
    }

    /// <summary>It was refused, or ended without its sidecar wanting that.</summary>
    public void Fail(Instance instance, string topic, string why)
    {
        lock (_lock)
        {
            Lose((instance.Record.Process, instance.Key, topic), why);
        }
    }

    private HashSet<string> TopicsOf(InitRecord record)
    {
        if (!_kept.TryGetValue((record.Process, record.Key), out var topics))
        {
            _kept[(record.Process, record.Key)] = topics = new(StringComparer.Ordinal);
        }

        return topics;
    }

    private void Lose((SidecarProcess, InstanceKey, string) stream, string why)
    {
        if (_lost.Count < MaxLost || _lost.ContainsKey(stream))
        {
            _lost[stream] = why;
        }
    }

    /// <summary>Under the lock, so that the file has the last state.</summary>
    private void Keep(Instance instance)
    {
        try
        {
            folder.Update(instance.Record with { Topics = [.. TopicsOf(instance.Record).Order(StringComparer.Ordinal)] });
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            log.StreamsWereNotKept(instance.Key.Service, instance.Name, fault.Message);
        }
    }
}

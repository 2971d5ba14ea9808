namespace Darq.Tests.Integration.Engine;

/// <summary>
/// What all replicas together were given: how often each message, whether two at once worked on one key, and in which order.
/// </summary>
internal sealed class Record
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _deliveries = [];
    private readonly HashSet<string> _working = [];
    private readonly List<string> _wrong = [];
    private readonly List<string> _order = [];

    /// <summary>Messages are called key/number.</summary>
    public IDisposable Begin(string message)
    {
        var key = message.Split('/')[0];
        lock (_lock)
        {
            _deliveries[message] = _deliveries.GetValueOrDefault(message) + 1;
            if (_deliveries[message] > 1)
            {
                _wrong.Add($"{message} was delivered {_deliveries[message]} times");
            }

            if (!_working.Add(key))
            {
                _wrong.Add($"two messages of {key} were worked on at once, one of them {message}");
            }

            _order.Add(message);
        }
        return new End(this, key);
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _deliveries.Count;
            }
        }
    }

    public string[] Wrong
    {
        get
        {
            lock (_lock)
            {
                return [.. _wrong];
            }
        }
    }

    public string[] OrderOf(string key)
    {
        lock (_lock)
        {
            return [.. _order.Where(message => message.StartsWith(key + "/", StringComparison.Ordinal))];
        }
    }

    public int DeliveriesOf(string message)
    {
        lock (_lock)
        {
            return _deliveries.GetValueOrDefault(message);
        }
    }

    private sealed class End(Record record, string key) : IDisposable
    {
        public void Dispose()
        {
            lock (record._lock)
            {
                record._working.Remove(key);
            }
        }
    }
}

using System.Globalization;
using Darq.Partitions;
using Darq.Redis;

namespace Darq.State;

/// <summary>
/// Reads of values: those that come while one call is under way are asked for together by the next, without a timer. A read
/// is part of one call, so that its values are one snapshot. Memory: at most <see cref="MaxWaiting"/> reads wait.
/// </summary>
internal sealed class StateReads(Primary primary, NamespaceOptions options)
{
    public const int MaxWaiting = 8192;

    /// <summary>Keys of one call; a read of more is a call of its own.</summary>
    private const int MaxKeys = 256;

    // Under _lock.
    private readonly Lock _lock = new();
    private readonly Queue<StateGet> _waiting = new();
    private bool _isAsking;

    /// <summary>The values in the order of the keys. Throws <see cref="DarqException"/>; cancelling gives up waiting.</summary>
    public Task<IReadOnlyList<StateValue>> GetAsync(IReadOnlyList<StateKey> keys, CancellationToken cancellation)
    {
        var get = new StateGet(keys);
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting) throw new DarqException(Refusal.Full, $"FULL: {MaxWaiting:N0} reads are waiting for Redis already; try again.");
            _waiting.Enqueue(get);
            if (_isAsking) return get.ValuesAsync(cancellation);
            _isAsking = true;
        }
        // Ends by itself when nobody waits any more.
        _ = AskAsync();
        return get.ValuesAsync(cancellation);
    }

    private async Task AskAsync()
    {
        while (Next() is { Count: > 0 } gets)
        {
            try
            {
                Answer(gets, (await primary.ReadAsync(() => Compose(gets), CancellationToken.None)).Items);
            }
            catch (Exception fault)
            {
                foreach (var get in gets) get.Fail(fault);
            }
        }
    }

    private List<StateGet> Next()
    {
        var (gets, keys) = (new List<StateGet>(), 0);
        lock (_lock)
        {
            while (_waiting.TryPeek(out var get) && (keys == 0 || keys + get.Keys.Count <= MaxKeys))
            {
                keys += get.Keys.Count;
                gets.Add(_waiting.Dequeue());
            }
            _isAsking = gets.Count > 0;
        }
        return gets;
    }

    private FunctionCall Compose(List<StateGet> gets)
    {
        var marks = new List<string>();
        var places = new Dictionary<int, int>();
        var arguments = new List<RedisArgument>(1 + 2 * gets.Count) { primary.WorldLine };
        foreach (var get in gets)
        {
            foreach (var key in get.Keys)
            {
                var partition = PartitionHash.OfState(key.Key, key.PartitionKey, options.Partitions);
                if (!places.TryGetValue(partition, out var place))
                {
                    marks.Add(primary.Keys.Mark(partition));
                    places[partition] = place = marks.Count;
                }
                arguments.Add(place);
                arguments.Add(key.Key);
            }
        }
        return new(FunctionLibrary.Function("get"), marks, arguments, ReadOnly: true);
    }

    private static void Answer(List<StateGet> gets, IReadOnlyList<RedisReply> found)
    {
        var at = 0;
        foreach (var get in gets)
        {
            var values = new StateValue[get.Keys.Count];
            for (var i = 0; i < values.Length; i++, at += 3)
            {
                var (value, etag, expiry) = (found[at], found[at + 1], found[at + 2]);
                values[i] = etag.IsNothing ? default : new(value.Bytes, etag.ToString(), ExpiryOf(expiry));
            }
            get.Complete(values);
        }
    }

    private static DateTimeOffset? ExpiryOf(RedisReply expiry) => expiry.IsNothing
        ? null
        : DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(expiry.ToString(), CultureInfo.InvariantCulture));
}

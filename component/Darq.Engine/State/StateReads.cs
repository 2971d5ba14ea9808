using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.State;

/// <summary>
/// Reads of values. Reads that arrive during one call share the next, without a timer; answered callers continue while Redis has
/// the next call. A read is part of one call, so that its values are one snapshot. Memory: at most
/// <see cref="MaxWaiting"/> reads wait.
/// </summary>
internal sealed class StateReads(Primary primary, NamespaceOptions options)
{
    public const int MaxWaiting = 8192;

    /// <summary>Keys of one call; a larger read is a call of its own.</summary>
    private const int MaxKeys = 256;

    private static readonly string Function = FunctionLibrary.Function("get");

    // Under _lock.
    private readonly Lock _lock = new();
    private readonly Queue<StateGet> _waiting = new();
    private bool _isReading;

    // Used by the reading loop alone, and reused by each call.
    private readonly Dictionary<int, int> _places = [];
    private List<StateGet> _asked = [];
    private List<StateGet> _answered = [];

    /// <summary>The values in the order of the keys. Throws <see cref="DarqException"/>; cancelling ends the wait only.</summary>
    public ValueTask<IReadOnlyList<StateValue>> GetAsync(IReadOnlyList<StateKey> keys, CancellationToken cancellation)
    {
        var get = new StateGet(keys);
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                throw new DarqException(ErrorCode.Full, $"FULL: {MaxWaiting:N0} reads are waiting for Redis already; try again.");
            }

            _waiting.Enqueue(get);
            if (_isReading)
            {
                return get.AnswerAsync(cancellation);
            }

            _isReading = true;
        }
        // The loop ends when no read waits.
        _ = ReadAllAsync();
        return get.AnswerAsync(cancellation);
    }

    private async Task ReadAllAsync()
    {
        while (TakeNext() is > 0 and var keys)
        {
            try
            {
                var reading = primary.ReadAsync(() => Compose(keys), CancellationToken.None);
                AnswerLast();
                TakeIn((await reading).Items);
            }
            catch (Exception fault)
            {
                foreach (var get in _asked)
                {
                    get.Fail(fault);
                }

                _asked.Clear();
            }
        }
    }

    /// <summary>Takes the next reads and counts their keys. At 0 all reads are answered and the loop has ended.</summary>
    private int TakeNext()
    {
        while (true)
        {
            lock (_lock)
            {
                var keys = 0;
                while (_waiting.TryPeek(out var get) && (keys == 0 || keys + get.Keys.Count <= MaxKeys))
                {
                    keys += get.Keys.Count;
                    _asked.Add(_waiting.Dequeue());
                }
                _isReading = keys > 0 || _answered.Count > 0;
                if (keys > 0 || !_isReading)
                {
                    return keys;
                }
            }
            AnswerLast();
        }
    }

    private FunctionCall Compose(int keys)
    {
        _places.Clear();
        var (partitions, wanted) = (new List<int>(Math.Min(keys, options.Partitions)), new List<RedisArgument>(2 * keys));
        foreach (var get in _asked)
        {
            for (var i = 0; i < get.Keys.Count; i++)
            {
                var key = get.Keys[i].Key;
                var partition = PartitionHash.OfState(key, options.Partitions);
                if (!_places.TryGetValue(partition, out var place))
                {
                    partitions.Add(partition);
                    _places[partition] = place = partitions.Count;
                }
                wanted.Add(place);
                wanted.Add(key);
            }
        }
        RedisArgument[] arguments = [primary.WorldLine, partitions.Count, .. partitions.Select(primary.Keys.Tag), .. wanted];
        return new(Function, primary.Keys.PartitionHeader(partitions[0]), arguments, ReadOnly: true);
    }

    /// <summary>Stores the reply in the reads of the current call.</summary>
    private void TakeIn(IReadOnlyList<RedisReply> found)
    {
        var at = 0;
        foreach (var get in _asked)
        {
            for (var i = 0; i < get.Found.Length; i++, at++)
            {
                if (found[at].IsNothing)
                {
                    continue;
                }

                if (StoredValue.TryParse(found[at].Bytes, out var value))
                {
                    get.Found[i] = value;
                }
                else
                {
                    get.Fault = NotOurs(get.Keys[i]);
                }
            }
        }
        (_asked, _answered) = (_answered, _asked);
    }

    /// <summary>Answers the reads of the last call, once.</summary>
    private void AnswerLast()
    {
        foreach (var get in _answered)
        {
            get.Answer();
        }

        _answered.Clear();
    }

    private static DarqException NotOurs(StateKey key) =>
        new(
            ErrorCode.Misconfigured,
            $"MISCONFIGURED: another program wrote the key '{key.Key}' in Redis; a write without an etag replaces it."
        );
}

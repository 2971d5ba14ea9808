using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>
/// Which messages of a lane are parked, as its holder knows it: their seqs in sequences, a sequence being what has to keep its
/// order. The messages themselves are in Redis; one costs about 100 bytes here. All members belong to the lock of the
/// subscription.
/// </summary>
internal sealed class RetryQueue(Order order)
{
    private readonly Dictionary<ulong, RetrySequence> _sequences = [];

    // Parked here, while Redis is still being told: they cannot be fetched yet.
    private readonly HashSet<long> _untold = [];

    public int Count { get; private set; }

    /// <summary>Whether Redis knows all of it.</summary>
    public bool IsTold => _untold.Count == 0;

    /// <summary>Whether all that an earlier holder parked is in here.</summary>
    public bool IsKnown { get; set; }

    /// <summary>The last seq of an earlier holder's that is in here.</summary>
    public long KnownUpTo { get; private set; }

    public IReadOnlyCollection<RetrySequence> Sequences => _sequences.Values;

    /// <summary>The sequence that a message has to join, if there is one.</summary>
    public RetrySequence? SequenceOf(string key, long seq) => _sequences.GetValueOrDefault(NameOf(key, seq));

    /// <summary>Adds what the retry queue in Redis has.</summary>
    public void Learn(RetryQueueEntry parked, DateTimeOffset due)
    {
        Add(parked.Key, parked.StreamId.Number, due);
        KnownUpTo = parked.StreamId.Number;
    }

    /// <summary>Adds a message, of which Redis has to be told; <paramref name="due"/> counts if it is the first of its sequence.</summary>
    public RetrySequence Park(string key, long seq, DateTimeOffset due)
    {
        _untold.Add(seq);
        return Add(key, seq, due);
    }

    public void Told(long seq) => _untold.Remove(seq);

    /// <summary>The first messages of a sequence, as far as they can be fetched.</summary>
    public long[] First(RetrySequence sequence, int most) => [.. sequence.Seqs.Take(most).TakeWhile(seq => !_untold.Contains(seq))];

    /// <summary>Takes a message out that is done with.</summary>
    public void Remove(RetrySequence sequence, long seq)
    {
        // Whoever comes after the first waited for that one alone.
        if (sequence.Seqs.Min == seq)
        {
            sequence.Due = DateTimeOffset.MinValue;
        }

        if (!sequence.Seqs.Remove(seq))
        {
            return;
        }

        Count--;
        if (sequence.Seqs.Count == 0)
        {
            _sequences.Remove(sequence.Name);
        }
    }

    public void Clear()
    {
        _sequences.Clear();
        _untold.Clear();
        (Count, IsKnown, KnownUpTo) = (0, false, 0);
    }

    private RetrySequence Add(string key, long seq, DateTimeOffset due)
    {
        var name = NameOf(key, seq);
        if (!_sequences.TryGetValue(name, out var sequence))
        {
            _sequences[name] = sequence = new(name);
        }

        if (sequence.Seqs.Add(seq))
        {
            Count++;
        }

        if (sequence.Seqs.Min == seq)
        {
            sequence.Due = due;
        }

        return sequence;
    }

    // A key is remembered by its hash alone; two keys with one hash would only wait for each other.
    private ulong NameOf(string key, long seq) =>
        order switch
        {
            Order.Partition => 0,
            Order.Key when key.Length > 0 => PartitionHash.Of(key),
            _ => (ulong)seq,
        };
}

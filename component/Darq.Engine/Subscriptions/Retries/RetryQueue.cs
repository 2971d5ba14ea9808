using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>
/// Which messages of a lane wait in Redis for their next delivery, as the owner knows it: their numbers in sequences, a sequence being
/// what has to keep its order. The messages themselves are in Redis; one costs about 100 bytes here. Belongs to the core.
/// </summary>
internal sealed class RetryQueue(Order order)
{
    /// <summary>Which messages wait for each other. Set only while the queue is empty.</summary>
    public Order Order { get; set; } = order;

    private readonly Dictionary<UInt128, RetrySequence> _sequences = [];

    // On their way to Redis: they cannot be fetched yet.
    private readonly HashSet<long> _moving = [];

    public int Count { get; private set; }

    /// <summary>Whether Redis has all of it.</summary>
    public bool IsStored => _moving.Count == 0;

    /// <summary>Whether all that an earlier owner left in it is in here.</summary>
    public bool IsKnown { get; set; }

    /// <summary>The last message of an earlier owner's that is in here.</summary>
    public long KnownUpTo { get; private set; }

    public IReadOnlyCollection<RetrySequence> Sequences => _sequences.Values;

    /// <summary>The sequence that a message has to join, if there is one.</summary>
    public RetrySequence? SequenceOf(string key, long seq) => _sequences.Count == 0 ? null : _sequences.GetValueOrDefault(NameOf(key, seq));

    /// <summary>Adds what the queue in Redis has.</summary>
    public void Learn(RetryQueueEntry entry, TimeSpan due)
    {
        Add(entry.Key, entry.StreamId.Number, due);
        KnownUpTo = entry.StreamId.Number;
    }

    /// <summary>Adds a message that has to be stored; <paramref name="due"/> counts where it is the first of its sequence.</summary>
    public RetrySequence Add(string key, long seq, TimeSpan due, bool moving)
    {
        if (moving)
        {
            _moving.Add(seq);
        }

        return Add(key, seq, due);
    }

    public void Stored(long seq) => _moving.Remove(seq);

    /// <summary>The first messages of a sequence, as far as they can be fetched.</summary>
    public long[] First(RetrySequence sequence, int most) => [.. sequence.Seqs.Take(most).TakeWhile(seq => !_moving.Contains(seq))];

    /// <summary>Takes a message out that is done with.</summary>
    public void Remove(RetrySequence sequence, long seq)
    {
        // The ones after the first waited for that one alone.
        if (sequence.Seqs.Min == seq)
        {
            sequence.Due = TimeSpan.Zero;
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
        _moving.Clear();
        (Count, IsKnown, KnownUpTo) = (0, false, 0);
    }

    private RetrySequence Add(string key, long seq, TimeSpan due)
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

    private UInt128 NameOf(string key, long seq) =>
        Order switch
        {
            Order.Partition => 0,
            Order.Key when key.Length > 0 => DigestOf(key),
            _ => (UInt128)seq,
        };

    /// <summary>
    /// Stands for a key, which may be longer than all else that is remembered of a message. No two keys may share it, not even such as
    /// somebody made up for that: their messages would stand in one sequence here, and in two where they are in memory.
    /// </summary>
    private static UInt128 DigestOf(string key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}

/// <summary>
/// Messages of a retry queue that wait for each other. The first of them may be in memory, as many as <see cref="InMemory"/> says.
/// </summary>
internal sealed class RetrySequence(UInt128 name)
{
    public UInt128 Name { get; } = name;

    public SortedSet<long> Seqs { get; } = [];

    /// <summary>When the first of them may be delivered, in monotonic time.</summary>
    public TimeSpan Due { get; set; }

    /// <summary>When they are looked at next; null where an event of theirs has to come first.</summary>
    public TimeSpan? LookAt { get; set; }

    /// <summary>How many of the first are in memory or being fetched.</summary>
    public int InMemory { get; set; }
}

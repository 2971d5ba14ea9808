using Darq.Partitions;

namespace Darq.Lanes;

/// <summary>
/// Which messages of a lane are parked, as its holder knows it: their seqs in lines, a line being what has to keep its
/// order. The messages themselves are in Redis; one costs about 100 bytes here. All members belong to the lock of the
/// subscription.
/// </summary>
internal sealed class Mailbox(Order order)
{
    private readonly Dictionary<ulong, Line> _lines = [];

    // Parked here, while Redis is still being told: they cannot be fetched yet.
    private readonly HashSet<long> _untold = [];

    public int Count { get; private set; }

    /// <summary>Whether Redis knows all of it.</summary>
    public bool IsTold => _untold.Count == 0;

    /// <summary>Whether all that an earlier holder parked is in here.</summary>
    public bool IsKnown { get; set; }

    /// <summary>The last seq of an earlier holder's that is in here.</summary>
    public long KnownUpTo { get; private set; }

    public IReadOnlyCollection<Line> Lines => _lines.Values;

    /// <summary>The line that a message has to join, if there is one.</summary>
    public Line? LineOf(string key, long seq) => _lines.GetValueOrDefault(NameOf(key, seq));

    /// <summary>Adds what the mailbox in Redis has.</summary>
    public void Learn(ParkedMessage parked, DateTimeOffset due)
    {
        Add(parked.Key, parked.StreamId.Number, due);
        KnownUpTo = parked.StreamId.Number;
    }

    /// <summary>Adds a message, of which Redis has to be told; <paramref name="due"/> counts where it is the first of its line.</summary>
    public Line Park(string key, long seq, DateTimeOffset due)
    {
        _untold.Add(seq);
        return Add(key, seq, due);
    }

    public void Told(long seq) => _untold.Remove(seq);

    /// <summary>The first messages of a line, as far as they can be fetched.</summary>
    public long[] First(Line line, int most) => [.. line.Seqs.Take(most).TakeWhile(seq => !_untold.Contains(seq))];

    /// <summary>Takes a message out that is done with.</summary>
    public void Remove(Line line, long seq)
    {
        // Whoever comes after the first waited for that one alone.
        if (line.Seqs.Min == seq)
        {
            line.Due = DateTimeOffset.MinValue;
        }

        if (!line.Seqs.Remove(seq))
        {
            return;
        }

        Count--;
        if (line.Seqs.Count == 0)
        {
            _lines.Remove(line.Name);
        }
    }

    public void Clear()
    {
        _lines.Clear();
        _untold.Clear();
        (Count, IsKnown, KnownUpTo) = (0, false, 0);
    }

    private Line Add(string key, long seq, DateTimeOffset due)
    {
        var name = NameOf(key, seq);
        if (!_lines.TryGetValue(name, out var line))
        {
            _lines[name] = line = new(name);
        }

        if (line.Seqs.Add(seq))
        {
            Count++;
        }

        if (line.Seqs.Min == seq)
        {
            line.Due = due;
        }

        return line;
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

/// <summary>
/// Parked messages that wait for each other, by seq. The first of them may be in memory, as many as <see cref="InHand"/> says.
/// </summary>
internal sealed class Line(ulong name)
{
    public ulong Name { get; } = name;

    public SortedSet<long> Seqs { get; } = [];

    /// <summary>When the first of them may be delivered.</summary>
    public DateTimeOffset Due { get; set; }

    /// <summary>How many of the first are in memory or being fetched.</summary>
    public int InHand { get; set; }
}

using Darq.Partitions;

namespace Darq.Lanes;

/// <summary>
/// One partition of a topic as one group's holder sees it: the claim, how far it was read, and what is in hand. Lets a
/// message go only when the earlier ones of its key are finished. All members belong to the lock of the subscription.
/// </summary>
internal sealed class Lane(int partition, Order order)
{
    private readonly Dictionary<Position, Entry> _entries = [];
    private readonly Dictionary<string, Queue<Entry>> _sequences = [];
    private IReadOnlyList<(long First, long Last)> _passed = [];

    public int Partition { get; } = partition;

    /// <summary>The session that claimed it, or null while it is not held.</summary>
    public string? Session { get; private set; }

    public string Incarnation { get; private set; } = "";

    /// <summary>Session that was seen to hold it instead of us.</summary>
    public string? OtherHolder { get; set; }

    /// <summary>Stream id up to which it was read.</summary>
    public Position ReadUpTo { get; set; }

    /// <summary>Last seq that the stream is known to have.</summary>
    public long Tail { get; set; }

    /// <summary>Whether the next append will wake us up.</summary>
    public bool Armed { get; set; }

    public bool IsReading { get; set; }

    /// <summary>Rises when what is in hand is dropped, so that a read begun before is not taken for a current one.</summary>
    public int Epoch { get; private set; }

    public bool Held => Session is not null;

    /// <summary>What of it is parked.</summary>
    public Mailbox Mailbox { get; } = new(order);

    public IReadOnlyCollection<Entry> Entries => _entries.Values;

    public void Hold(string session, Holding holding)
    {
        (Session, Incarnation, OtherHolder, _passed) = (session, holding.Incarnation, null, holding.Passed);
        (ReadUpTo, Tail, Armed) = (holding.PassedUpTo, holding.PassedUpTo.Number, false);
        Mailbox.IsKnown = holding.Parked == 0;
    }

    public void Continue(string incarnation) => (Incarnation, Armed) = (incarnation, false);

    /// <summary>Forgets the claim and everything in hand. Answers to what is out are ignored from here on.</summary>
    public void Drop()
    {
        foreach (var entry in _entries.Values) entry.State = EntryState.Finished;
        _entries.Clear();
        _sequences.Clear();
        Mailbox.Clear();
        Session = null;
        Epoch++;
    }

    /// <summary>Whether the message was done with before the lane was claimed.</summary>
    public bool HadPassed(long seq) => _passed.Any(interval => interval.First <= seq && seq <= interval.Last);

    /// <summary>Whether no earlier message of its key is in hand.</summary>
    public bool IsFirst(Entry entry) => SequenceOf(entry.Message) is not { } name || _sequences[name].Peek() == entry;

    public Entry? Find(Position streamId) => _entries.GetValueOrDefault(streamId);

    /// <summary>Takes in a message that was read; true if it may be delivered at once.</summary>
    public bool Add(Entry entry)
    {
        _entries[entry.Message.StreamId] = entry;
        if (SequenceOf(entry.Message) is not { } name) return true;
        if (!_sequences.TryGetValue(name, out var sequence)) _sequences[name] = sequence = new();
        sequence.Enqueue(entry);
        return sequence.Count == 1;
    }

    /// <summary>Takes a finished message out; returns the one that had to wait for it.</summary>
    public Entry? Remove(Entry entry)
    {
        entry.State = EntryState.Finished;
        if (!_entries.Remove(entry.Message.StreamId)) return null;
        if (SequenceOf(entry.Message) is not { } name) return null;
        var sequence = _sequences[name];
        if (sequence.Peek() != entry) throw new InvalidOperationException($"A message of lane {Partition} finished before an earlier one of its key.");
        sequence.Dequeue();
        if (sequence.TryPeek(out var next)) return next;
        _sequences.Remove(name);
        return null;
    }

    private string? SequenceOf(Message message) => order switch
    {
        Order.Partition => "",
        Order.Key when message.Key.Length > 0 => message.Key,
        _ => null,
    };
}

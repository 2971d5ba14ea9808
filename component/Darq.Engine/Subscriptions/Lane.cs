using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// One partition of a topic as one group's holder sees it: the claim, how far it was read, and what is in hand. Lets a
/// message go only when the earlier ones of its key are finished. All members belong to the lock of the subscription.
/// </summary>
internal sealed class Lane(int partition, Order order)
{
    private readonly Dictionary<Position, Entry> _entries = [];
    private readonly Dictionary<string, Queue<Entry>> _sequences = [];
    private IReadOnlyList<(long First, long Last)> _passed = [];

    // Take-overs at one message from which on it is suspected of killing its handlers.
    public const int Suspicious = 2;

    private readonly List<Entry> _heldBack = [];

    public int Partition { get; } = partition;

    public LaneState State { get; private set; }

    /// <summary>The session that claimed it, or null while it is not held.</summary>
    public string? Session { get; private set; }

    /// <summary>While it yields, when that is given up; while it delivers, when it may yield at the earliest.</summary>
    public DateTimeOffset TurnsAt { get; private set; }

    public string FencingToken { get; private set; } = "";

    /// <summary>Session that was seen to hold it instead of us, and the heartbeat of ours that had been begun by then.</summary>
    public (string Session, long Beat)? OtherHolder { get; set; }

    /// <summary>Whether it was asked for and no answer came: Redis may take it for ours.</summary>
    public bool IsAsked { get; set; }

    /// <summary>Stream id up to which it was read.</summary>
    public Position ReadUpTo { get; set; }

    /// <summary>Last seq that the stream is known to have.</summary>
    public long Tail { get; set; }

    /// <summary>Whether the next append will wake us up.</summary>
    public bool Armed { get; set; }

    public bool IsReading { get; set; }

    /// <summary>Rises when what is in hand is dropped, so that a read begun before is not taken for a current one.</summary>
    public int Epoch { get; private set; }

    public bool Held => State != LaneState.Unheld;

    /// <summary>How many times in a row a holder died while <see cref="Suspect"/> was its first unfinished message.</summary>
    public int TakeOvers { get; private set; }

    /// <summary>Seq of the message that was unfinished first when a holder died; 0 where there is none, or once it is finished.</summary>
    public long Suspect { get; private set; }

    /// <summary>Whether messages go out one at a time, because the first of them may be what killed its handlers.</summary>
    public bool IsSuspicious => Suspect > 0 && TakeOvers >= Suspicious;

    public bool MaySend => State == LaneState.Delivering && !(IsSuspicious && HasOut);

    /// <summary>Whether an app works on a message, or Redis has not heard yet that one is done with.</summary>
    public bool HasOut => _entries.Values.Any(entry => entry.State is EntryState.Sent or EntryState.Passing);

    /// <summary>What of it is parked.</summary>
    public RetryQueue RetryQueue { get; } = new(order);

    public IReadOnlyCollection<Entry> Entries => _entries.Values;

    public void Hold(string session, ClaimResult holding)
    {
        (State, Session, FencingToken, OtherHolder, TurnsAt) = (LaneState.Delivering, session, holding.FencingToken, null, default);
        (ReadUpTo, Tail, Armed, _passed) = (holding.PassedUpTo, holding.PassedUpTo.Number, false, holding.Passed);
        RetryQueue.IsKnown = holding.Parked == 0;
        (TakeOvers, Suspect) = (holding.TakeOvers, holding.TakeOvers > 0 ? holding.PassedUpTo.Number + 1 : 0);
    }

    /// <summary>Sends nothing more, so that it can go to another; <paramref name="until"/> then it is given up.</summary>
    public void Yield(DateTimeOffset until) => (State, TurnsAt) = (LaneState.Yielding, until);

    /// <summary>Delivers on after it yielded in vain, or was doubted.</summary>
    public void Keep(DateTimeOffset untilAtLeast) => (State, TurnsAt) = (LaneState.Delivering, untilAtLeast);

    public void Doubt()
    {
        if (Held)
        {
            State = LaneState.Doubted;
        }
    }

    /// <summary>Puts a message aside that may not be sent now.</summary>
    public void HoldBack(Entry entry) => _heldBack.Add(entry);

    public Entry[] TakeHeldBack()
    {
        Entry[] taken = [.. _heldBack];
        _heldBack.Clear();
        return taken;
    }

    /// <summary>The message is finished, or was never one: it is not suspected any more.</summary>
    public void Clear(long seq)
    {
        if (seq == Suspect)
        {
            Suspect = 0;
        }
    }

    public void Continue(string fencingToken) => (FencingToken, Armed) = (fencingToken, false);

    /// <summary>Forgets the claim and everything in hand. Answers to what is out are ignored from here on.</summary>
    public void Drop()
    {
        foreach (var entry in _entries.Values)
        {
            entry.State = EntryState.Finished;
        }

        _entries.Clear();
        _sequences.Clear();
        RetryQueue.Clear();
        _heldBack.Clear();
        (State, Session) = (LaneState.Unheld, null);
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
        if (SequenceOf(entry.Message) is not { } name)
        {
            return true;
        }

        if (!_sequences.TryGetValue(name, out var sequence))
        {
            _sequences[name] = sequence = new();
        }

        sequence.Enqueue(entry);
        return sequence.Count == 1;
    }

    /// <summary>Takes a finished message out; returns the one that had to wait for it.</summary>
    public Entry? Remove(Entry entry)
    {
        entry.State = EntryState.Finished;
        Clear(entry.Message.StreamId.Number);
        if (!_entries.Remove(entry.Message.StreamId))
        {
            return null;
        }

        if (SequenceOf(entry.Message) is not { } name)
        {
            return null;
        }

        var sequence = _sequences[name];
        if (sequence.Peek() != entry)
        {
            throw new InvalidOperationException($"A message of lane {Partition} finished before an earlier one of its key.");
        }

        sequence.Dequeue();
        if (sequence.TryPeek(out var next))
        {
            return next;
        }

        _sequences.Remove(name);
        return null;
    }

    private string? SequenceOf(Message message) =>
        order switch
        {
            Order.Partition => "",
            Order.Key when message.Key.Length > 0 => message.Key,
            _ => null,
        };
}

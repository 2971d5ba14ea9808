using System.Diagnostics;
using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Engine.Subscriptions;

/// <summary>What this process does with a lane.</summary>
internal enum LaneState
{
    Unowned,

    /// <summary>Owned, and its messages are sent.</summary>
    Delivering,

    /// <summary>Owned, but nothing more is sent: it is released once what is out is answered and acknowledged.</summary>
    Draining,

    /// <summary>Perhaps owned: others may have taken it while we were silent. Nothing is sent until Redis says that it is ours.</summary>
    Suspended,
}

/// <summary>
/// One partition of a topic as one group's owner sees it: the claim, how far it was read, and what is in memory. Lets a message go
/// only when the earlier ones of its key are finished. Belongs to the core.
/// </summary>
internal sealed class Lane(int partition, Order order)
{
    /// <summary>Take-overs at one message from which on it is suspected of killing its handlers.</summary>
    public const int SuspiciousFrom = 2;

    /// <summary>A fencing token that no claim ever had.</summary>
    public const string NoToken = "0.0";

    private readonly Dictionary<Position, LaneMessage> _messages = [];
    private readonly Dictionary<string, Queue<LaneMessage>> _sequences = [];
    private IReadOnlyList<(long First, long Last)> _acked = [];

    public int Partition { get; } = partition;

    /// <summary>Which messages wait for each other. Set only while nothing is in memory.</summary>
    public Order Order
    {
        get => Retries.Order;
        set
        {
            Debug.Assert(_messages.Count == 0, "messages in memory wait in another order");
            Retries.Order = value;
        }
    }

    public LaneState State { get; set; }

    public bool Owned => State != LaneState.Unowned;

    /// <summary>The session that claimed it; null while it is not owned.</summary>
    public string? Session { get; private set; }

    public string FencingToken { get; private set; } = "";

    /// <summary>The world-line in which it was claimed or resumed.</summary>
    public long WorldLine { get; private set; }

    /// <summary>While it drains: when that is given up.</summary>
    public TimeSpan DrainsUntil { get; set; }

    /// <summary>While it delivers: when it may drain at the earliest.</summary>
    public TimeSpan KeptUntil { get; set; }

    /// <summary>Session that was seen to own it instead of us, and the heartbeat of ours that had been begun by then.</summary>
    public (string Session, long Beat)? OtherOwner { get; set; }

    /// <summary>Whether a claim of it was not answered: Redis may take it for ours.</summary>
    public bool ClaimIsOpen { get; set; }

    /// <summary>Which of its keys in Redis is damaged, and how, at the last look; "" where none is.</summary>
    public string Damage { get; set; } = "";

    /// <summary>Rises when what is in memory is dropped, so that whatever was begun before is not taken for current.</summary>
    public int Epoch { get; private set; }

    /// <summary>Number of the last attempt that was made before it was claimed.</summary>
    public long AttemptsBefore { get; private set; }

    /// <summary>Stream id up to which it was read.</summary>
    public Position ReadUpTo { get; set; }

    /// <summary>Last sequence number that the stream is known to have.</summary>
    public long Tail { get; set; }

    /// <summary>Whether the next append will wake us up.</summary>
    public bool Armed { get; set; }

    public bool IsReading { get; set; }

    /// <summary>Outcomes of this lane that Redis refused and that are sent again; nothing is read or sent meanwhile.</summary>
    public int Refused { get; set; }

    /// <summary>How many times in a row an owner died while <see cref="Suspect"/> was its first unfinished message.</summary>
    public int TakeOvers { get; private set; }

    /// <summary>The message that was unfinished first when an owner died; 0 where there is none, or once it is finished.</summary>
    public long Suspect { get; private set; }

    /// <summary>Whether messages go out one at a time, because the first of them may be what killed its handlers.</summary>
    public bool IsSuspicious => Suspect > 0 && TakeOvers >= SuspiciousFrom;

    /// <summary>Messages with an app, or settling.</summary>
    public int Out { get; private set; }

    public bool MaySend => State == LaneState.Delivering && Refused == 0 && !(IsSuspicious && Out > 0);

    /// <summary>What of it waits in Redis for its next delivery.</summary>
    public RetryQueue Retries { get; } = new(order);

    public IReadOnlyCollection<LaneMessage> Messages => _messages.Values;

    /// <summary>Messages that were ready while the lane might not send.</summary>
    public List<LaneMessage> Blocked { get; } = [];

    public void Own(string session, ClaimResult claim, long attemptsBefore)
    {
        (State, Session, FencingToken, OtherOwner, KeptUntil) = (LaneState.Delivering, session, claim.FencingToken, null, default);
        (ReadUpTo, Tail, Armed, _acked) = (claim.AckedUpTo, claim.AckedUpTo.Number, false, claim.Acked);
        (TakeOvers, Suspect) = (claim.TakeOvers, claim.TakeOvers > 0 ? claim.AckedUpTo.Number + 1 : 0);
        (Retries.IsKnown, AttemptsBefore) = (claim.InRetryQueue == 0, attemptsBefore);
        WorldLine = WorldLineOf(claim.FencingToken);
    }

    /// <summary>
    /// Until it is resumed, a reply of the Redis process before may still tell of a message that is lost: none is taken for certain.
    /// </summary>
    public void AwaitResume() => WorldLine = 0;

    /// <summary>Goes on under another token after a recovery that lost nothing of it.</summary>
    public void Resume(string fencingToken) => (FencingToken, WorldLine, Armed) = (fencingToken, WorldLineOf(fencingToken), false);

    /// <summary>Forgets the claim and everything in memory. Attempts that are out stay with their streams.</summary>
    public void Drop()
    {
        foreach (var message in _messages.Values)
        {
            message.State = MessageState.Gone;
        }

        _messages.Clear();
        _sequences.Clear();
        Blocked.Clear();
        Retries.Clear();
        (State, Session, Refused, Out, IsReading) = (LaneState.Unowned, null, 0, 0, false);
        Epoch++;
    }

    /// <summary>Changes where a message is, and with it how many are out.</summary>
    public void Move(LaneMessage message, MessageState state)
    {
        Out += (IsOut(state) ? 1 : 0) - (IsOut(message.State) ? 1 : 0);
        message.State = state;
    }

    /// <summary>The message is finished, or was never one: it is not suspected any more.</summary>
    public void Clear(long seq)
    {
        if (seq == Suspect)
        {
            Suspect = 0;
        }
    }

    /// <summary>Whether the message was acknowledged before the lane was claimed.</summary>
    public bool WasAcked(long seq) => _acked.Any(interval => interval.First <= seq && seq <= interval.Last);

    /// <summary>Whether no earlier message of its key is in memory.</summary>
    public bool IsFirst(LaneMessage message) => SequenceOf(message.Message) is not { } name || _sequences[name].Peek() == message;

    /// <summary>How many later messages of its key wait in memory for a message.</summary>
    public int CountBehind(LaneMessage message) =>
        SequenceOf(message.Message) is { } name && _sequences.TryGetValue(name, out var sequence) ? sequence.Count - 1 : 0;

    public LaneMessage? Find(Position streamId) => _messages.GetValueOrDefault(streamId);

    /// <summary>Takes in a message that was read; true if it may be delivered at once.</summary>
    public bool Add(LaneMessage message)
    {
        _messages[message.Message.StreamId] = message;
        if (SequenceOf(message.Message) is not { } name)
        {
            return true;
        }

        if (!_sequences.TryGetValue(name, out var sequence))
        {
            _sequences[name] = sequence = new();
        }

        sequence.Enqueue(message);
        return sequence.Count == 1;
    }

    /// <summary>Takes a finished message out; returns the one that had to wait for it.</summary>
    public LaneMessage? Remove(LaneMessage message)
    {
        Move(message, MessageState.Gone);
        Clear(message.Message.StreamId.Number);
        if (!_messages.Remove(message.Message.StreamId) || SequenceOf(message.Message) is not { } name)
        {
            return null;
        }

        var sequence = _sequences[name];
        if (sequence.Peek() != message)
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

    private static long WorldLineOf(string fencingToken) =>
        long.Parse(fencingToken.AsSpan(0, fencingToken.IndexOf('.', StringComparison.Ordinal)), CultureInfo.InvariantCulture);

    private static bool IsOut(MessageState state) => state is MessageState.Sent or MessageState.Settling;

    private string? SequenceOf(Message message) =>
        Order switch
        {
            Order.Partition => "",
            Order.Key when message.Key.Length > 0 => message.Key,
            _ => null,
        };
}

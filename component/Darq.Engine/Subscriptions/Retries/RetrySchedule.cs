using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>A message on its way to the retry queue in Redis.</summary>
internal sealed record RetryMove(Lane Lane, int Epoch, RetrySequence Sequence, Position StreamId, TimeSpan Due, int Failures, int Size);

/// <summary>The first messages of a sequence that is due, to be fetched.</summary>
internal sealed record RetryFetch(Lane Lane, int Epoch, RetrySequence Sequence, long[] Seqs);

/// <summary>
/// What goes to the retry queues of all lanes and what comes back from them, and when. Memory: about 100 bytes for each of at most
/// <see cref="MaxKnown"/> messages, beyond which no more is read ahead. Belongs to the core.
/// </summary>
internal sealed class RetrySchedule(Lane[] lanes, Effects effects)
{
    public const int MaxKnown = 100_000;

    private const int MaxFetched = 64;
    private const int MaxFetchedOfOne = 16;
    private const int MaxMoved = 256;

    private static readonly TimeSpan SuspectPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DamagePause = TimeSpan.FromSeconds(1);

    private readonly Queue<RetryMove> _moves = new();
    private readonly PriorityQueue<(Lane Lane, int Epoch, RetrySequence Sequence), TimeSpan> _due = new();

    public bool IsFull => lanes.Sum(lane => lane.Retries.Count) >= MaxKnown;

    /// <summary>Sends a message to the retry queue.</summary>
    public RetrySequence Move(Lane lane, Message message, TimeSpan due, int failures)
    {
        var sequence = lane.Retries.Add(message.Key, message.StreamId.Number, due, moving: true);
        _moves.Enqueue(new(lane, lane.Epoch, sequence, message.StreamId, due, failures, message.Size));
        effects.Wake(Workers.RetryMover);
        return sequence;
    }

    /// <summary>Sends moves again that Redis did not take.</summary>
    public void Repeat(IEnumerable<RetryMove> moves)
    {
        foreach (var move in moves)
        {
            _moves.Enqueue(move);
        }
    }

    /// <summary>The next moves, by lane.</summary>
    public IReadOnlyList<RetryMove[]> NextMoves()
    {
        var (taken, bytes) = (new List<RetryMove>(), 0L);
        while (taken.Count < MaxMoved && bytes < ReadAhead.PageBytes && _moves.TryDequeue(out var next))
        {
            if (next.Lane.Epoch == next.Epoch)
            {
                bytes += next.Size;
                taken.Add(next);
            }
        }
        return [.. taken.GroupBy(move => move.Lane).Select(lane => lane.ToArray())];
    }

    /// <summary>Redis has the message. Its sequence may begin with an earlier one, that joined it while this one was in memory.</summary>
    public void Stored(RetryMove move)
    {
        move.Lane.Retries.Stored(move.StreamId.Number);
        if (move.Sequence.InMemory == 0)
        {
            Schedule(move.Lane, move.Sequence);
        }
    }

    /// <summary>Has a sequence fetched when it is due, of which nothing is in memory. Safe to repeat.</summary>
    public void Schedule(Lane lane, RetrySequence sequence)
    {
        if (sequence.Seqs.Count > 0 && (sequence.LookAt is not { } at || sequence.Due < at))
        {
            Schedule((lane, lane.Epoch, sequence), sequence.Due);
            effects.Wake(Workers.RetryFetcher);
        }
    }

    /// <summary>The same after a pause, because its queue is damaged.</summary>
    public void ScheduleLater(RetryFetch fetch, TimeSpan now)
    {
        Schedule((fetch.Lane, fetch.Epoch, fetch.Sequence), now + DamagePause);
        effects.Wake(Workers.RetryFetcher);
    }

    /// <summary>A message that came from the queue is done with.</summary>
    public void Leave(LaneMessage message, RetrySequence sequence)
    {
        message.Lane.Retries.Remove(sequence, message.Message.StreamId.Number);
        if (--sequence.InMemory == 0)
        {
            Schedule(message.Lane, sequence);
        }
    }

    /// <summary>The first messages of sequences that are due, and else how long to wait.</summary>
    public IReadOnlyList<RetryFetch> NextFetches(TimeSpan now, out TimeSpan wait)
    {
        var fetches = new List<RetryFetch>();
        for (var left = MaxFetched; left > 0 && _due.TryPeek(out var next, out var at) && at <= now;)
        {
            _due.Dequeue();
            var (lane, epoch, sequence) = next;
            if (lane.Epoch != epoch || sequence.LookAt != at)
            {
                continue;
            }

            sequence.LookAt = null;
            if (sequence.InMemory > 0)
            {
                continue;
            }

            if (sequence.Due > now)
            {
                Schedule(next, sequence.Due);
                continue;
            }

            if (lane.State != LaneState.Delivering || lane.IsSuspicious)
            {
                // A suspect is in the stream, and must not be blamed for what a message from here does.
                Schedule(next, now + SuspectPause);
                continue;
            }
            var seqs = lane.Retries.First(sequence, Math.Min(left, MaxFetchedOfOne));
            if (seqs.Length > 0)
            {
                sequence.InMemory = seqs.Length;
                left -= seqs.Length;
                fetches.Add(new(lane, epoch, sequence, seqs));
            }
        }
        wait = _due.TryPeek(out _, out var first) ? first - now : Timeout.InfiniteTimeSpan;
        return fetches;
    }

    /// <summary>Forgets what belongs to lanes that were dropped.</summary>
    public void Forget()
    {
        var kept = _due.UnorderedItems.Where(item => item.Element.Lane.Epoch == item.Element.Epoch).ToArray();
        _due.Clear();
        _due.EnqueueRange(kept);
        for (var i = _moves.Count; i > 0; i--)
        {
            if (_moves.Dequeue() is var move && move.Lane.Epoch == move.Epoch)
            {
                _moves.Enqueue(move);
            }
        }
    }

    private void Schedule((Lane Lane, int Epoch, RetrySequence Sequence) next, TimeSpan at)
    {
        next.Sequence.LookAt = at;
        _due.Enqueue(next, at);
    }
}

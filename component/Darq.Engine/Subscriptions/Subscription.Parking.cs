using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// What has to wait long leaves memory and stream for the retry queue in Redis, and so does what is reached behind it. One loop
/// tells Redis, in order; another learns what an earlier holder parked, and fetches what is due.
/// </summary>
internal sealed partial class Subscription
{
    /// <summary>Most parked messages that are known here before reading ahead stops; each costs about 100 bytes.</summary>
    public const int MaxParked = 100_000;

    private const int RetryQueuePage = 1000;
    private const int LargestFetch = 64;
    private const int FetchedOfASequence = 16;
    private const int LargestParking = 256;

    // Under _lock.
    private readonly Queue<Parking> _parkings = new();
    private readonly PriorityQueue<(Lane Lane, int Epoch, RetrySequence Sequence), DateTimeOffset> _dueSequences = new();
    private bool _fetchIsHeldBack;

    /// <summary>Under _lock.</summary>
    private bool RetryQueuesAreFull
    {
        get
        {
            var parked = 0;
            foreach (var lane in _lanes)
            {
                parked += lane.RetryQueue.Count;
            }

            return parked >= MaxParked;
        }
    }

    /// <summary>Takes a failed message out of hand, and with it all that wait for it. Under _lock.</summary>
    private void Park(Entry failed, TimeSpan delay)
    {
        var (lane, due) = (failed.Lane, _time.GetUtcNow() + delay);
        var sequence = Tell(lane, failed.Message, due, failed.Failures);
        var next = lane.Remove(failed);
        Forget(failed);
        while (next is { } follower)
        {
            next = lane.Remove(follower);
            Forget(follower);
            if (follower.Sequence is null && !follower.Consumed)
            {
                Tell(lane, follower.Message, DateTimeOffset.MinValue, 0);
            }
        }
        sequence.InHand = 0;
    }

    /// <summary>Parks a message that was just read if one of its key is parked. Under _lock.</summary>
    private bool JoinsItsSequence(Lane lane, Message message)
    {
        if (lane.RetryQueue.SequenceOf(message.Key, message.StreamId.Number) is null)
        {
            return false;
        }

        lane.Clear(message.StreamId.Number);
        Tell(lane, message, DateTimeOffset.MinValue, 0);
        return true;
    }

    private RetrySequence Tell(Lane lane, Message message, DateTimeOffset due, int failures)
    {
        var sequence = lane.RetryQueue.Park(message.Key, message.StreamId.Number, due);
        _parkings.Enqueue(new(lane, lane.Epoch, sequence, message.StreamId, due, failures, message.Size));
        _park.Set();
        return sequence;
    }

    /// <summary>A message that came from the retry queue is done with. Under _lock.</summary>
    private void Leave(Entry entry, RetrySequence sequence)
    {
        entry.Lane.RetryQueue.Remove(sequence, entry.Message.StreamId.Number);
        if (--sequence.InHand == 0)
        {
            Schedule(entry.Lane, sequence);
        }
    }

    private void Schedule(Lane lane, RetrySequence sequence)
    {
        if (sequence.Seqs.Count == 0)
        {
            return;
        }

        _dueSequences.Enqueue((lane, lane.Epoch, sequence), sequence.Due);
        _fetch.Set();
    }

    private async Task ParkAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var parkings = NextParkings();
            if (parkings.Count == 0)
            {
                await _park.WaitAsync(cancellation);
                continue;
            }
            var told = await Task.WhenAll(parkings.Select(parking => ParkAsync(parking, cancellation)));
            if (told.Contains(false))
            {
                await Task.Delay(LongestWait, _time, cancellation);
            }
        }
    }

    /// <summary>The next ones to tell Redis of, by lane.</summary>
    private List<Parking[]> NextParkings()
    {
        lock (_lock)
        {
            var (taken, bytes) = (new List<Parking>(), 0L);
            while (taken.Count < LargestParking && bytes < PageBytes && _parkings.TryDequeue(out var next))
            {
                if (next.Lane.Epoch != next.Epoch)
                {
                    continue;
                }

                bytes += next.Size;
                taken.Add(next);
            }
            return [.. taken.GroupBy(parking => parking.Lane).Select(lane => lane.ToArray())];
        }
    }

    /// <summary>False where Redis takes nothing for now; they wait in line again.</summary>
    private async Task<bool> ParkAsync(Parking[] parkings, CancellationToken cancellation)
    {
        var (lane, epoch) = (parkings[0].Lane, parkings[0].Epoch);
        string reply;
        try
        {
            reply = await _primary.SubmitAsync(
                new RetryQueueRequest(_group, _topic, parkings, () => FencingTokenAt(lane, epoch), _time.GetUtcNow()),
                cancellation
            );
        }
        catch (DarqException refused)
        {
            reply = refused.Message;
        }
        lock (_lock)
        {
            if (lane.Epoch != epoch)
            {
                return true;
            }

            if (reply.StartsWith("OK ", StringComparison.Ordinal))
            {
                foreach (var parking in parkings)
                {
                    Parked(parking);
                }

                if (lane.State == LaneState.Yielding)
                {
                    _dispatch.Set();
                }

                return true;
            }
            if (reply == "FENCED")
            {
                Lose([lane]);
                return true;
            }
            foreach (var parking in parkings)
            {
                _parkings.Enqueue(parking);
            }
        }
        _log.TendingFailed(_topic, reply);
        return false;
    }

    private void Parked(Parking parking)
    {
        parking.Lane.RetryQueue.Told(parking.StreamId.Number);
        if (parking.Failures > 0)
        {
            _log.MessageWasParked(_group, _topic, parking.Lane.Partition, parking.StreamId, parking.Failures);
        }

        if (parking.Sequence.InHand == 0 && parking.Sequence.Seqs.Min == parking.StreamId.Number)
        {
            Schedule(parking.Lane, parking.Sequence);
        }
    }

    private async Task FetchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await _primary.ReadyAsync(cancellation);
                if (NextUnknown() is { } lane)
                {
                    await LearnAsync(lane, cancellation);
                }
                else if (NextDue(out var wait) is { Count: > 0 } due)
                {
                    await FetchAsync(due, cancellation);
                }
                else
                {
                    await _fetch.WaitAsync(wait, cancellation);
                }
            }
            catch (Exception fault) when (fault is DarqException or RedisUnavailableException or RedisRefusedException)
            {
                _log.TendingFailed(_topic, fault.Message);
                await Task.Delay(LongestWait, _time, cancellation);
            }
        }
    }

    private Lane? NextUnknown()
    {
        lock (_lock)
        {
            return Array.Find(_lanes, lane => lane.Held && !lane.RetryQueue.IsKnown);
        }
    }

    /// <summary>Reads a page of what an earlier holder parked. Until all is known nothing of the lane is read ahead.</summary>
    private async Task LearnAsync(Lane lane, CancellationToken cancellation)
    {
        int epoch;
        long after;
        lock (_lock)
        {
            (epoch, after) = (lane.Epoch, lane.RetryQueue.KnownUpTo);
        }

        var (now, members) = await _retryQueues.PageAsync(lane.Partition, after, RetryQueuePage, cancellation);
        lock (_lock)
        {
            if (lane.Epoch != epoch)
            {
                return;
            }
            // Its wait goes on by our clock, whatever that one's difference to the server's is.
            foreach (var member in members)
            {
                if (RetryQueueEntry.TryParse(member, out var parked))
                {
                    lane.RetryQueue.Learn(parked, _time.GetUtcNow() + TimeSpan.FromMilliseconds(Math.Max(0, parked.DueMs - now)));
                }
            }
            if (members.Length == RetryQueuePage)
            {
                return;
            }

            lane.RetryQueue.IsKnown = true;
            foreach (var sequence in lane.RetryQueue.Sequences)
            {
                Schedule(lane, sequence);
            }
        }
        _read.Set();
    }

    /// <summary>The first messages of sequences that are due, and else how long to wait.</summary>
    private List<(Lane Lane, int Epoch, RetrySequence Sequence, long[] Seqs)> NextDue(out TimeSpan wait)
    {
        var due = new List<(Lane, int, RetrySequence, long[])>();
        lock (_lock)
        {
            wait = LongestWait;
            _fetchIsHeldBack = _streams.Count == 0 || _inHand >= MaxEntries || _bytesInHand >= MaxBytes;
            if (_fetchIsHeldBack)
            {
                return due;
            }

            var now = _time.GetUtcNow();
            for (var left = LargestFetch; left > 0 && _dueSequences.TryPeek(out var next, out var at) && at <= now;)
            {
                _dueSequences.Dequeue();
                var (lane, epoch, sequence) = next;
                if (lane.Epoch != epoch || sequence.InHand > 0 || sequence.Due > now)
                {
                    continue;
                }

                if (lane.State != LaneState.Delivering || lane.IsSuspicious)
                {
                    // What is suspected stands in the stream, and must not be blamed for what one from here does.
                    _dueSequences.Enqueue(next, now + LongestWait);
                    continue;
                }
                var seqs = lane.RetryQueue.First(sequence, Math.Min(left, FetchedOfASequence));
                if (seqs.Length == 0)
                {
                    continue;
                }

                sequence.InHand = seqs.Length;
                left -= seqs.Length;
                due.Add((lane, epoch, sequence, seqs));
            }
            if (_dueSequences.TryPeek(out _, out var first) && first - now < wait)
            {
                wait = first - now;
            }

            return due;
        }
    }

    private async Task FetchAsync(List<(Lane Lane, int Epoch, RetrySequence Sequence, long[] Seqs)> due, CancellationToken cancellation)
    {
        IReadOnlyList<RedisReply> found = [];
        try
        {
            found = await _retryQueues.BodiesAsync(
                [.. due.SelectMany(sequence => sequence.Seqs, (sequence, seq) => (sequence.Lane.Partition, seq))],
                PageBytes,
                cancellation
            );
        }
        finally
        {
            lock (_lock)
            {
                var at = 0;
                foreach (var (lane, epoch, sequence, seqs) in due)
                {
                    if (lane.Epoch == epoch)
                    {
                        TakeBack(lane, sequence, seqs, found.Skip(2 * at).ToArray());
                    }

                    at += seqs.Length;
                }
            }
        }
        _dispatch.Set();
    }

    /// <summary>Takes in what was found of a sequence; the rest comes later. Under _lock.</summary>
    private void TakeBack(Lane lane, RetrySequence sequence, long[] seqs, RedisReply[] found)
    {
        sequence.InHand = 0;
        for (var i = 0; i < seqs.Length && 2 * i < found.Length; i++)
        {
            // One that is not there was consumed meanwhile; a damaged one stays in Redis, pending, for somebody to look at.
            if (found[2 * i].IsNothing || Unpack(lane, sequence, found[2 * i].ToString(), found[2 * i + 1].Bytes) is not { } entry)
            {
                lane.RetryQueue.Remove(sequence, seqs[i]);
                continue;
            }
            sequence.InHand++;
            TakeIn(entry);
        }
        if (sequence.InHand == 0)
        {
            Schedule(lane, sequence);
        }
    }

    private Entry? Unpack(Lane lane, RetrySequence sequence, string member, ReadOnlyMemory<byte> body)
    {
        if (!RetryQueueEntry.TryParse(member, out var parked))
        {
            return null;
        }

        try
        {
            return new(lane, Message.Unpack(lane.Partition, parked.StreamId, body)) { Sequence = sequence, Failures = parked.Failures };
        }
        catch (Exception damaged) when (damaged is FormatException or OverflowException)
        {
            _log.EntryWasDamaged(_topic, lane.Partition, parked.StreamId.ToString(), damaged.Message);
            return null;
        }
    }
}

using Darq.Partitions;
using Darq.Redis;
using Darq.Telemetry;

namespace Darq.Lanes;

/// <summary>
/// What has to wait long leaves memory and stream for the mailbox in Redis, and so does what is reached behind it. One loop
/// tells Redis, in order; another learns what an earlier holder parked, and fetches what is due.
/// </summary>
internal sealed partial class Subscription
{
    /// <summary>Most parked messages that are known here before reading ahead stops; each costs about 100 bytes.</summary>
    public const int MaxParked = 100_000;

    private const int MailboxPage = 1000;
    private const int LargestFetch = 64;
    private const int FetchedOfALine = 16;
    private const int LargestParking = 256;

    // Under _lock.
    private readonly Queue<Parking> _parkings = new();
    private readonly PriorityQueue<(Lane Lane, int Epoch, Line Line), DateTimeOffset> _dueLines = new();
    private bool _fetchIsHeldBack;

    /// <summary>Under _lock.</summary>
    private bool MailboxesAreFull
    {
        get
        {
            var parked = 0;
            foreach (var lane in _lanes)
            {
                parked += lane.Mailbox.Count;
            }

            return parked >= MaxParked;
        }
    }

    /// <summary>Takes a failed message out of hand, and with it all that wait for it. Under _lock.</summary>
    private void Park(Entry failed, TimeSpan delay)
    {
        var (lane, due) = (failed.Lane, _time.GetUtcNow() + delay);
        var line = Tell(lane, failed.Message, due, failed.Failures);
        var next = lane.Remove(failed);
        Forget(failed);
        while (next is { } follower)
        {
            next = lane.Remove(follower);
            Forget(follower);
            if (follower.Line is null && !follower.Consumed)
            {
                Tell(lane, follower.Message, DateTimeOffset.MinValue, 0);
            }
        }
        line.InHand = 0;
    }

    /// <summary>Parks a message that was just read if one of its key is parked. Under _lock.</summary>
    private bool JoinsItsLine(Lane lane, Message message)
    {
        if (lane.Mailbox.LineOf(message.Key, message.StreamId.Number) is null)
        {
            return false;
        }

        lane.Clear(message.StreamId.Number);
        Tell(lane, message, DateTimeOffset.MinValue, 0);
        return true;
    }

    private Line Tell(Lane lane, Message message, DateTimeOffset due, int failures)
    {
        var line = lane.Mailbox.Park(message.Key, message.StreamId.Number, due);
        _parkings.Enqueue(new(lane, lane.Epoch, line, message.StreamId, due, failures, message.Size));
        _park.Set();
        return line;
    }

    /// <summary>A message that came from the mailbox is done with. Under _lock.</summary>
    private void Leave(Entry entry, Line line)
    {
        entry.Lane.Mailbox.Remove(line, entry.Message.StreamId.Number);
        if (--line.InHand == 0)
        {
            Schedule(entry.Lane, line);
        }
    }

    private void Schedule(Lane lane, Line line)
    {
        if (line.Seqs.Count == 0)
        {
            return;
        }

        _dueLines.Enqueue((lane, lane.Epoch, line), line.Due);
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
                new ParkRequest(_group, _topic, parkings, () => IncarnationAt(lane, epoch), _time.GetUtcNow()),
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
        parking.Lane.Mailbox.Told(parking.StreamId.Number);
        if (parking.Failures > 0)
        {
            _log.MessageWasParked(_group, _topic, parking.Lane.Partition, parking.StreamId, parking.Failures);
        }

        if (parking.Line.InHand == 0 && parking.Line.Seqs.Min == parking.StreamId.Number)
        {
            Schedule(parking.Lane, parking.Line);
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
            return Array.Find(_lanes, lane => lane.Held && !lane.Mailbox.IsKnown);
        }
    }

    /// <summary>Reads a page of what an earlier holder parked. Until all is known nothing of the lane is read ahead.</summary>
    private async Task LearnAsync(Lane lane, CancellationToken cancellation)
    {
        int epoch;
        long after;
        lock (_lock)
        {
            (epoch, after) = (lane.Epoch, lane.Mailbox.KnownUpTo);
        }

        var (now, members) = await _mailboxes.PageAsync(lane.Partition, after, MailboxPage, cancellation);
        lock (_lock)
        {
            if (lane.Epoch != epoch)
            {
                return;
            }
            // Its wait goes on by our clock, whatever that one's difference to the server's is.
            foreach (var member in members)
            {
                if (ParkedMessage.TryParse(member, out var parked))
                {
                    lane.Mailbox.Learn(parked, _time.GetUtcNow() + TimeSpan.FromMilliseconds(Math.Max(0, parked.DueMs - now)));
                }
            }
            if (members.Length == MailboxPage)
            {
                return;
            }

            lane.Mailbox.IsKnown = true;
            foreach (var line in lane.Mailbox.Lines)
            {
                Schedule(lane, line);
            }
        }
        _read.Set();
    }

    /// <summary>The first messages of lines that are due, and else how long to wait.</summary>
    private List<(Lane Lane, int Epoch, Line Line, long[] Seqs)> NextDue(out TimeSpan wait)
    {
        var due = new List<(Lane, int, Line, long[])>();
        lock (_lock)
        {
            wait = LongestWait;
            _fetchIsHeldBack = _streams.Count == 0 || _inHand >= MaxEntries || _bytesInHand >= MaxBytes;
            if (_fetchIsHeldBack)
            {
                return due;
            }

            var now = _time.GetUtcNow();
            for (var left = LargestFetch; left > 0 && _dueLines.TryPeek(out var next, out var at) && at <= now;)
            {
                _dueLines.Dequeue();
                var (lane, epoch, line) = next;
                if (lane.Epoch != epoch || line.InHand > 0 || line.Due > now)
                {
                    continue;
                }

                if (lane.State != LaneState.Delivering || lane.IsSuspicious)
                {
                    // What is suspected stands in the stream, and must not be blamed for what one from here does.
                    _dueLines.Enqueue(next, now + LongestWait);
                    continue;
                }
                var seqs = lane.Mailbox.First(line, Math.Min(left, FetchedOfALine));
                if (seqs.Length == 0)
                {
                    continue;
                }

                line.InHand = seqs.Length;
                left -= seqs.Length;
                due.Add((lane, epoch, line, seqs));
            }
            if (_dueLines.TryPeek(out _, out var first) && first - now < wait)
            {
                wait = first - now;
            }

            return due;
        }
    }

    private async Task FetchAsync(List<(Lane Lane, int Epoch, Line Line, long[] Seqs)> due, CancellationToken cancellation)
    {
        IReadOnlyList<RedisReply> found = [];
        try
        {
            found = await _mailboxes.BodiesAsync(
                [.. due.SelectMany(line => line.Seqs, (line, seq) => (line.Lane.Partition, seq))],
                PageBytes,
                cancellation
            );
        }
        finally
        {
            lock (_lock)
            {
                var at = 0;
                foreach (var (lane, epoch, line, seqs) in due)
                {
                    if (lane.Epoch == epoch)
                    {
                        TakeBack(lane, line, seqs, found.Skip(2 * at).ToArray());
                    }

                    at += seqs.Length;
                }
            }
        }
        _dispatch.Set();
    }

    /// <summary>Takes in what was found of a line; the rest comes later. Under _lock.</summary>
    private void TakeBack(Lane lane, Line line, long[] seqs, RedisReply[] found)
    {
        line.InHand = 0;
        for (var i = 0; i < seqs.Length && 2 * i < found.Length; i++)
        {
            // One that is not there was consumed meanwhile; a damaged one stays in Redis, pending, for somebody to look at.
            if (found[2 * i].IsNothing || Unpack(lane, line, found[2 * i].ToString(), found[2 * i + 1].Bytes) is not { } entry)
            {
                lane.Mailbox.Remove(line, seqs[i]);
                continue;
            }
            line.InHand++;
            TakeIn(entry);
        }
        if (line.InHand == 0)
        {
            Schedule(lane, line);
        }
    }

    private Entry? Unpack(Lane lane, Line line, string member, ReadOnlyMemory<byte> body)
    {
        if (!ParkedMessage.TryParse(member, out var parked))
        {
            return null;
        }

        try
        {
            return new(lane, Message.Unpack(lane.Partition, parked.StreamId, body)) { Line = line, Failures = parked.Failures };
        }
        catch (Exception damaged) when (damaged is FormatException or OverflowException)
        {
            _log.EntryWasDamaged(_topic, lane.Partition, parked.StreamId.ToString(), damaged.Message);
            return null;
        }
    }
}

using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>Reading ahead, within the bounds of what may be in hand.</summary>
internal sealed partial class Subscription
{
    private const int Readers = 4;
    private const int LargestPage = 64;
    private const int FirstPage = 8;
    private const long PageBytes = 1 << 20;

    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(200);

    // Under _lock: what a message weighed lately, so that a page stays near PageBytes.
    private double _averageSize = PageBytes / FirstPage;
    private int _nextToRead;

    // Whether a reader found too much in hand.
    private bool _readIsHeldBack;

    /// <summary>
    /// Somebody appended to the stream of this partition; what has come since is not told of before the lane is armed again.
    /// </summary>
    /// <param name="partition">Whose stream it is.</param>
    /// <param name="last">The last seq there.</param>
    /// <param name="told">The session that learns of it by a reply: if that is ours, there is nothing to read.</param>
    public void Wake(int partition, long last, string told)
    {
        lock (_lock)
        {
            var lane = _lanes[partition];
            if (!lane.Held)
            {
                return;
            }

            lane.Armed = false;
            if (told == lane.Session && last > lane.ReadUpTo.Number)
            {
                return;
            }

            lane.Tail = Math.Max(lane.Tail, last);
            if (lane.Tail > lane.ReadUpTo.Number)
            {
                _read.Set();
            }
            else
            {
                _tend.Set();
            }
        }
    }

    /// <summary>Wake-ups may have been missed: every lane is asked for its tail again.</summary>
    public void WakeAll()
    {
        lock (_lock)
        {
            foreach (var lane in _lanes)
            {
                lane.Armed = false;
            }
        }
        _tend.Set();
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var (lane, after, page, epoch) = NextToRead();
            if (lane is null)
            {
                await _read.WaitAsync(cancellation);
                continue;
            }
            try
            {
                // Another reader may find more to do meanwhile.
                _read.Set();
                await _primary.ReadyAsync(cancellation);
                var slice = await _primary.ReadStreamAsync(lane.Partition, Keys.Encode(_topic), after.ToString(), page, cancellation);
                TakeIn(lane, epoch, slice, page);
            }
            catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
            {
                _log.ReadingFailed(_topic, lane.Partition, fault.Message);
                await Task.Delay(PauseAfterFault, _time, cancellation);
                _read.Set();
            }
            finally
            {
                lock (_lock)
                {
                    lane.IsReading = false;
                }
            }
        }
    }

    /// <summary>Under _lock.</summary>
    private bool MayReadAhead => _streams.Count > 0 && _inHand < MaxEntries && _bytesInHand < MaxBytes && !RetryQueuesAreFull;

    private (Lane? Lane, Position After, int Page, int Epoch) NextToRead()
    {
        lock (_lock)
        {
            _readIsHeldBack = !MayReadAhead;
            if (_readIsHeldBack)
            {
                return default;
            }

            for (var i = 0; i < _lanes.Length; i++)
            {
                var lane = _lanes[_nextToRead++ % _lanes.Length];
                if (lane.State != LaneState.Delivering || !lane.RetryQueue.IsKnown || lane.IsReading || lane.Tail <= lane.ReadUpTo.Number)
                {
                    continue;
                }

                lane.IsReading = true;
                return (lane, lane.ReadUpTo, (int)Math.Clamp(PageBytes / _averageSize, 1, LargestPage), lane.Epoch);
            }
            return default;
        }
    }

    private void TakeIn(Lane lane, int epoch, StreamSlice slice, int page)
    {
        if (slice.ReplicationId != _primary.ReplicationId)
        {
            // Another server process answered; what it has is looked at after a recovery.
            _primary.Invalidate("NEEDS_RECOVERY");
            return;
        }
        lock (_lock)
        {
            if (lane.Epoch != epoch || !lane.Held)
            {
                return;
            }

            foreach (var entry in slice.Entries)
            {
                var id = Position.Parse(entry.Id);
                // Taken in meanwhile, because this process appended it.
                if (id.Number <= lane.ReadUpTo.Number)
                {
                    continue;
                }

                lane.ReadUpTo = id;
                if (!lane.HadPassed(lane.ReadUpTo.Number))
                {
                    TakeIn(lane, entry);
                }
            }
            lane.Tail = Math.Max(lane.Tail, lane.ReadUpTo.Number);
            if (slice.Entries.Count < page)
            {
                lane.Tail = lane.ReadUpTo.Number;
                _tend.Set();
            }
        }
        Dispatch();
    }

    /// <summary>Under _lock. A damaged entry is left where it is, pending, for somebody to look at; the others go on.</summary>
    private void TakeIn(Lane lane, StreamEntry entry)
    {
        Message message;
        try
        {
            message = Message.Read(lane.Partition, entry);
        }
        catch (Exception damaged) when (damaged is FormatException or OverflowException)
        {
            _log.EntryWasDamaged(_topic, lane.Partition, entry.Id, damaged.Message);
            lane.Clear(lane.ReadUpTo.Number);
            return;
        }
        TakeIn(lane, message);
    }

    private void TakeIn(Lane lane, Message message)
    {
        _averageSize = 0.9 * _averageSize + 0.1 * message.Size;
        if (!JoinsItsSequence(lane, message))
        {
            TakeIn(new Entry(lane, message));
        }
    }

    private void TakeIn(Entry entry)
    {
        _inHand++;
        _bytesInHand += entry.Message.Size;
        if (entry.Lane.Add(entry))
        {
            MakeReady(entry);
        }
    }
}

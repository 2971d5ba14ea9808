using Darq.Partitions;
using Darq.Redis;

namespace Darq.Lanes;

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

    /// <summary>Somebody appended to the stream of this partition.</summary>
    public void Wake(int partition)
    {
        lock (_lock)
        {
            var lane = _lanes[partition];
            if (!lane.Held) return;
            lane.Armed = false;
            lane.Tail = Math.Max(lane.Tail, lane.ReadUpTo.Number + 1);
        }
        _read.Set();
    }

    /// <summary>Wake-ups may have been missed: every lane is asked for its tail again.</summary>
    public void WakeAll()
    {
        lock (_lock)
        {
            foreach (var lane in _lanes) lane.Armed = false;
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
                await Task.Delay(PauseAfterFault, _time, cancellation);
                _read.Set();
            }
            finally
            {
                lock (_lock) lane.IsReading = false;
            }
        }
    }

    private (Lane? Lane, Position After, int Page, int Epoch) NextToRead()
    {
        lock (_lock)
        {
            if (_streams.Count == 0 || _inHand >= MaxEntries || _bytesInHand >= MaxBytes) return default;
            for (var i = 0; i < _lanes.Length; i++)
            {
                var lane = _lanes[_nextToRead++ % _lanes.Length];
                if (!lane.Held || lane.IsReading || lane.Tail <= lane.ReadUpTo.Number) continue;
                lane.IsReading = true;
                return (lane, lane.ReadUpTo, (int)Math.Clamp(PageBytes / _averageSize, 1, LargestPage), lane.Epoch);
            }
            return default;
        }
    }

    private void TakeIn(Lane lane, int epoch, StreamSlice slice, int page)
    {
        var messages = slice.Entries.Select(entry => Message.Read(lane.Partition, entry)).ToArray();
        lock (_lock)
        {
            if (lane.Epoch != epoch || !lane.Held) return;
            foreach (var message in messages)
            {
                _averageSize = 0.9 * _averageSize + 0.1 * message.Size;
                lane.ReadUpTo = message.StreamId;
                if (lane.HadPassed(message.StreamId.Number)) continue;
                var entry = new Entry(lane, message);
                _inHand++;
                _bytesInHand += message.Size;
                if (lane.Add(entry)) MakeReady(entry);
            }
            lane.Tail = Math.Max(lane.Tail, lane.ReadUpTo.Number);
            if (messages.Length < page)
            {
                lane.Tail = lane.ReadUpTo.Number;
                _tend.Set();
            }
        }
        _dispatch.Set();
    }
}

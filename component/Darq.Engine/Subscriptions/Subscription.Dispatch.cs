using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>Handing messages to streams, and what comes back.</summary>
internal sealed partial class Subscription
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>An answer to a delivery. Whatever is not out any more changes nothing.</summary>
    public void Answer(DeliveryStream stream, string token, bool failed)
    {
        if (!DeliveryToken.TryParse(token, out var parsed))
        {
            return;
        }

        lock (_lock)
        {
            if (stream.Take(parsed, answered: true) is not { } answered)
            {
                return;
            }

            if (Current(answered) is not { } entry)
            {
                return;
            }

            if (entry.Consumed)
            {
                Finish(entry);
            }
            else if (failed)
            {
                Fail(entry);
            }
            else
            {
                Pass(entry, expired: false);
            }
        }
        Dispatch();
    }

    /// <summary>Takes a delivery back without counting a failure.</summary>
    public void Release(DeliveryStream stream, string token)
    {
        if (!DeliveryToken.TryParse(token, out var parsed))
        {
            return;
        }

        lock (_lock)
        {
            if (stream.Take(parsed, answered: false) is { } released)
            {
                GiveBack(released);
            }
        }
        Dispatch();
    }

    /// <summary>
    /// Sends what may be sent now, and tells Redis what became of messages, on the thread of whoever made it so, because a change of thread
    /// costs a message more than all else that is done for it here. Without _lock.
    /// </summary>
    private void Dispatch()
    {
        DeliveryStream[] open;
        Settlement[] settlements;
        lock (_lock)
        {
            WakeDue();
            Readmit();
            while (!_membership.IsLapsed && NextReady() is { } entry && NextStream() is { } stream)
            {
                Send(_ready.Dequeue(), stream);
            }

            if (HasDrained())
            {
                _tend.Set();
            }

            open = _open;
            settlements = TakeSettlements();
        }
        foreach (var stream in open)
        {
            stream.WriteOut();
        }
        // Each ends by itself, and is counted until then.
        foreach (var settlement in settlements)
        {
            _ = SettleAsync(settlement);
        }
    }

    /// <summary>Sends what becomes due by itself, and looks again now and then.</summary>
    private async Task DispatchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Dispatch();
            TimeSpan wait;
            lock (_lock)
            {
                wait = _backingOff.TryPeek(out _, out var due) ? due - _time.GetUtcNow() : LongestWait;
            }

            if (wait > TimeSpan.Zero)
            {
                await _dispatch.WaitAsync(wait, cancellation);
            }
        }
    }

    private void WakeDue()
    {
        var now = _time.GetUtcNow();
        while (_backingOff.TryPeek(out var entry, out var due) && due <= now)
        {
            _backingOff.Dequeue();
            if (entry.State != EntryState.BackingOff)
            {
                continue;
            }

            entry.State = EntryState.Waiting;
            MakeReady(entry);
        }
    }

    /// <summary>What was held back of lanes that may send again is ready again.</summary>
    private void Readmit()
    {
        if (_withHeldBack.Count == 0)
        {
            return;
        }

        foreach (var lane in _withHeldBack.Where(lane => lane.MaySend).ToArray())
        {
            _withHeldBack.Remove(lane);
            foreach (var entry in lane.TakeHeldBack())
            {
                MakeReady(entry);
            }
        }
    }

    /// <summary>
    /// The first ready message that may be delivered; those of lanes that may not send, finished or expired meanwhile are put aside.
    /// </summary>
    private Entry? NextReady()
    {
        while (_ready.TryPeek(out var entry))
        {
            if (entry.State == EntryState.Waiting && !entry.Lane.MaySend)
            {
                entry.Lane.HoldBack(entry);
                _withHeldBack.Add(entry.Lane);
            }
            else if (entry.State == EntryState.Waiting)
            {
                if (entry.Message.ExpiryMs <= _time.GetUtcNow().ToUnixTimeMilliseconds())
                {
                    Pass(entry, expired: true);
                }
                else if (ReasonToGiveUp(entry) is { } reason)
                {
                    Bury(entry, reason);
                }
                else
                {
                    return entry;
                }
            }
            _ready.Dequeue();
        }
        return null;
    }

    /// <summary>The next stream with room, in turn.</summary>
    private DeliveryStream? NextStream()
    {
        for (var i = 0; i < _streams.Count; i++)
        {
            var stream = _streams[_turn++ % _streams.Count];
            if (stream.HasRoom)
            {
                return stream;
            }
        }
        return null;
    }

    private void Send(Entry entry, DeliveryStream stream)
    {
        entry.State = EntryState.Sent;
        var token = new DeliveryToken(entry.Lane.Session!, _group, _topic, entry.Lane.Partition, entry.Message.StreamId, ++_deliveries);
        stream.Send(
            _deliveries,
            entry,
            Envelope.Compose(entry.Message, token, stream.SubscribedTopic, entry.Failures + 1, _primary.WorldLine)
        );
    }

    private void Fail(Entry entry)
    {
        entry.Failures++;
        if (ReasonToGiveUp(entry) is not null)
        {
            entry.State = EntryState.Waiting;
            MakeReady(entry);
            return;
        }
        var exponential = _options.RetryDelay * Math.Pow(2, Math.Min(entry.Failures - 1, 30));
        var delay = (exponential < _options.MaxRetryDelay ? exponential : _options.MaxRetryDelay) * (0.8 + 0.4 * _random.NextDouble());
        _log.DeliveryFailed(_group, _topic, entry.Message.Id, entry.Failures, (long)delay.TotalMilliseconds);
        if (delay > _options.RetryQueueAfter)
        {
            Park(entry, delay);
            return;
        }
        entry.State = EntryState.BackingOff;
        _backingOff.Enqueue(entry, _time.GetUtcNow() + delay);
        _dispatch.Set();
    }

    /// <summary>
    /// Why the message is not delivered any more; null where it is. Nobody blames one that was never alone in its lane when the holder
    /// died.
    /// </summary>
    private string? ReasonToGiveUp(Entry entry)
    {
        if (_letters is null)
        {
            return null;
        }

        if (entry.Failures >= _options.MaxDeliveries)
        {
            return DeadLetter.DeliveriesFailed;
        }

        var isSuspect = entry.Lane.Suspect == entry.Message.StreamId.Number;
        return isSuspect && entry.Lane.TakeOvers >= Math.Max(_options.MaxDeliveries, Lane.Suspicious + 1)
            ? DeadLetter.KilledItsHandler
            : null;
    }

    private void GiveBack(Entry released)
    {
        if (Current(released) is not { } entry)
        {
            return;
        }

        if (entry.Consumed)
        {
            Finish(entry);
            return;
        }
        entry.State = EntryState.Waiting;
        MakeReady(entry);
    }

    /// <summary>
    /// The entry that an answer is about: the one that was out, or, where its lane was lost and claimed again meanwhile, the
    /// one that was held back because of it. Null where nobody waits for the answer any more.
    /// </summary>
    private Entry? Current(Entry answered)
    {
        if (answered.State == EntryState.Sent)
        {
            return answered;
        }

        if (!_stillOut.Remove((answered.Lane.Partition, answered.Message.StreamId)))
        {
            return null;
        }

        return answered.Lane.Find(answered.Message.StreamId) is { State: EntryState.Waiting } again && again.Lane.IsFirst(again)
            ? again
            : null;
    }
}

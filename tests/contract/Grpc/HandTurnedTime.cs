namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// Time that stands still until a test turns it: proof that what depends on time asks the injected provider.
/// </summary>
internal sealed class HandTurnedTime : TimeProvider
{
    private readonly object _lock = new();
    private readonly List<Alarm> _alarms = [];
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    public void Advance(TimeSpan by)
    {
        Alarm[] due;
        lock (_lock)
        {
            _now += by;
            due = [.. _alarms.Where(alarm => alarm.Due <= _now)];
            _alarms.RemoveAll(alarm => alarm.Due <= _now);
        }

        foreach (var alarm in due)
            alarm.Ring();
    }

    /// <summary>A timer that rings once; nothing here asks for periodic ones.</summary>
    private sealed class Alarm(HandTurnedTime time, Action ring) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._alarms.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._alarms.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

namespace Darq.Testing.Scheduling;

/// <summary>
/// The clock that one simulated process sees. Its timers fire inside the process, or not at all once it is dead. A FakeTimeProvider
/// would not do: it fires timers on the thread that turns it, where here each is an event of the loop, whose order the seed decides.
/// </summary>
internal sealed class VirtualTime(Loop loop, SimulatedProcess process) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => loop.Now;

    public override long GetTimestamp() => loop.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(loop, process, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Loop loop, SimulatedProcess process, Action fire) : ITimer
    {
        private long _setting;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed)
            {
                return false;
            }

            var setting = ++_setting;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                loop.After(dueTime, () => Due(setting, period));
            }

            return true;
        }

        public void Dispose() => (_disposed, _setting) = (true, _setting + 1);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Due(long setting, TimeSpan period)
        {
            if (setting != _setting || !process.Alive)
            {
                return;
            }

            process.Post(fire);
            if (period > TimeSpan.Zero)
            {
                loop.After(period, () => Due(setting, period));
            }
        }
    }
}

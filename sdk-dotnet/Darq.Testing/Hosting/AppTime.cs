using Darq.Testing.Scheduling;

namespace Darq.Testing.Hosting;

/// <summary>
/// The clock that an app sees. Its callbacks run on the thread pool, as those of real timers do. While a handler runs, time passes to the
/// app's next timer only after a short real moment in which nothing came from the app.
/// </summary>
internal sealed class AppTime(SimulationThread thread, Loop loop) : TimeProvider
{
    private long _numbers;

    /// <summary>Of the simulation's thread: no timer fires any more.</summary>
    private bool _isDead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => thread.Now;

    public override long GetTimestamp() => thread.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new AppTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The app has died. Of the simulation's thread.</summary>
    public void Kill()
    {
        _isDead = true;
        thread.AppTimers.Clear();
    }

    private sealed class AppTimer(AppTime time, TimerCallback callback, object? state) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private volatile bool _isDisposed;

        // Of the simulation's thread.
        private (DateTimeOffset Due, long Number) _armed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_isDisposed)
            {
                return false;
            }

            var now = time.GetUtcNow();
            time.PostToThread(() => Arm(dueTime == Timeout.InfiniteTimeSpan ? null : now + dueTime, period));
            return true;
        }

        public void Dispose()
        {
            _isDisposed = true;
            time.PostToThread(() => Arm(null, default));
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(DateTimeOffset? due, TimeSpan period)
        {
            time.Disarm(_armed);
            _armed = default;
            if (due is not { } at || time._isDead)
            {
                return;
            }

            var armed = time.Arm(at, () => Due(period));
            _armed = armed;
        }

        private void Due(TimeSpan period)
        {
            _armed = default;
            if (!_isDisposed)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
                if (period > TimeSpan.Zero)
                {
                    Arm(time.GetUtcNow() + period, period);
                }
            }
        }

        private void Fire()
        {
            if (_context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(_context, _ => callback(state), null);
            }
        }
    }

    private void PostToThread(Action action) => thread.Post(action);

    private void Disarm((DateTimeOffset Due, long Number) armed) => thread.AppTimers.Remove(armed);

    private (DateTimeOffset Due, long Number) Arm(DateTimeOffset due, Action fire)
    {
        var armed = (due, ++_numbers);
        thread.AppTimers.Add(armed);
        loop.After(
            due - loop.Now,
            () =>
            {
                if (thread.AppTimers.Remove(armed))
                {
                    thread.Nudged();
                    fire();
                }
            }
        );
        return armed;
    }
}

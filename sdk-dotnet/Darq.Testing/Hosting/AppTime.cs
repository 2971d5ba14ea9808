using Darq.Testing.Apps;
using Darq.Testing.Scheduling;

namespace Darq.Testing.Hosting;

/// <summary>
/// The clock that an app sees. Its callbacks run on the thread pool, as those of real timers do. While a handler runs, time passes to the
/// next timer that it seems to wait for only after a short real moment in which nothing came from the app. A deadline, and a timer of code
/// in the background, is nothing that a handler waits for: it may be doing real work, so that these get a longer moment.
/// </summary>
internal sealed class AppTime(SimulationThread thread, Loop loop) : TimeProvider
{
    // By name, because an app without the SDK has no such type.
    private const string SdkDeadline = "Darq.Steps.ProcessingDeadline";

    /// <summary>Of the simulation's thread: no timer fires any more.</summary>
    private bool _isDead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => thread.Now;

    public override long GetTimestamp() => thread.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new AppTimer(this, callback, state, KindOf(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private static TimerKind KindOf(object? state) =>
        IsDeadline(state)
            ? state?.GetType().FullName == SdkDeadline
                ? TimerKind.Processing
                : TimerKind.Other
            : DeliveryContext.Current is null
                ? TimerKind.Other
                : TimerKind.Awaited;

    /// <summary>
    /// Of a token, or of <c>WaitAsync</c>: both end something else that may be real work. The type of the latter has no public name; where
    /// another .NET has another one, its timers count as awaited.
    /// </summary>
    private static bool IsDeadline(object? state) =>
        state is CancellationTokenSource
        || state is Task
            && state.GetType() is var type
            && type.DeclaringType == typeof(Task)
            && type.Name.StartsWith("CancellationPromise", StringComparison.Ordinal);

    /// <summary>The app has died. Of the simulation's thread.</summary>
    public void Kill()
    {
        _isDead = true;
        thread.Timers.Clear();
    }

    private sealed class AppTimer(AppTime time, TimerCallback callback, object? state, TimerKind kind) : ITimer
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
            time.Disarm(kind, _armed);
            _armed = default;
            if (due is { } at && !time._isDead)
            {
                _armed = time.Arm(kind, at, () => Due(at, period));
            }
        }

        private void Due(DateTimeOffset due, TimeSpan period)
        {
            _armed = default;
            if (!_isDisposed)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
                if (period > TimeSpan.Zero)
                {
                    Arm(due + period, period);
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

    private void Disarm(TimerKind kind, (DateTimeOffset Due, long Number) armed) => thread.Timers.Remove(kind, armed);

    private (DateTimeOffset Due, long Number) Arm(TimerKind kind, DateTimeOffset due, Action fire)
    {
        // Time may have passed since the app set it.
        var armed = thread.Timers.Add(kind, due > loop.Now ? due : loop.Now);
        loop.After(
            due - loop.Now,
            () =>
            {
                // Not there any more where it was set anew, or its process has died.
                if (thread.Timers.Remove(kind, armed))
                {
                    thread.Nudged(loop.Now);
                    fire();
                }
            }
        );
        return armed;
    }
}

using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Darq.Tests.Unit.Telemetry;

/// <summary>A clock that tells of every timer once it is set, so that a test knows when to turn it and by how much.</summary>
internal sealed class TimerProbe : FakeTimeProvider
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // As many as a test sets.
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until the next timer is set; returns its time.</summary>
    public Task<TimeSpan> NextTimerAsync() => _timers.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>Waits until the next timer is set and lets its time pass; returns the time.</summary>
    public async Task<TimeSpan> PassNextTimerAsync()
    {
        var due = await NextTimerAsync();
        Advance(due);
        return due;
    }
}

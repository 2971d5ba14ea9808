using Darq.Component.Components;
using Darq.Tests.Shared;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Components;

public sealed class DeliveryDrainTests
{
    [Fact]
    public async Task A_clock_that_is_set_back_does_not_hold_up_the_stop()
    {
        var time = new ClockSetBack();
        using var drain = new DeliveryDrain(time);
        drain.Sent();

        var run = drain.RunAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
        time.Back = TimeSpan.FromDays(1);

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(20));
                return run.IsCompleted;
            },
            TimeSpan.FromSeconds(20),
            "the drain has ended"
        );
        Assert.Equal((1, true), (drain.Unanswered, drain.Ending.IsCancellationRequested));
    }

    /// <summary>Time that goes on while the clock on the wall is set back.</summary>
    private sealed class ClockSetBack : TimeProvider
    {
        private readonly FakeTimeProvider _time = new();

        public TimeSpan Back { get; set; }

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => _time.GetUtcNow() - Back;

        public override long GetTimestamp() => _time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _time.CreateTimer(callback, state, dueTime, period);

        public void Advance(TimeSpan by) => _time.Advance(by);
    }
}

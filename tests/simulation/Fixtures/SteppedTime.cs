namespace Darq.Tests.Simulation.Fixtures;

/// <summary>The time of a process whose wall clock is wrong, or is set while it runs. Timers and timestamps are not.</summary>
internal sealed class SteppedTime(TimeProvider time) : TimeProvider
{
    private TimeSpan _ahead;

    public override long TimestampFrequency => time.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    public void Step(TimeSpan by) => _ahead += by;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + _ahead;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}

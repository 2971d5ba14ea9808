namespace Darq.Engine.Subscriptions;

/// <summary>
/// What the core knows of the world at an event: it has no clock of its own. Intervals are measured by <see cref="Elapsed"/>, which no
/// change of the wall clock moves.
/// </summary>
/// <param name="Elapsed">Monotonic time, the same for all subscriptions of a process.</param>
/// <param name="UnixMs">Wall clock of Redis, for what carries an absolute time.</param>
/// <param name="HeartbeatLapsed">Whether others may take this process for dead; it sends nothing then.</param>
internal readonly record struct Instant(TimeSpan Elapsed, long UnixMs, bool HeartbeatLapsed = false)
{
    /// <summary>The earlier of two times of which either may never come.</summary>
    public static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) =>
        a is null ? b
        : b is null || a < b ? a
        : b;
}

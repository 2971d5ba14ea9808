using Darq.Testing.Hosting;

namespace Darq.Testing;

/// <summary>
/// The virtual time of component, Redis and app; the app's service <see cref="TimeProvider"/> shows it. It stands still but for calls under
/// way, <see cref="AdvanceAsync"/> and <see cref="DarqTestHost.UntilIdle"/>.
/// </summary>
public sealed class TestTime
{
    private readonly World _world;

    internal TestTime(World world) => _world = world;

    /// <summary>The present moment, in UTC. A host starts on 1 January 2026.</summary>
    public DateTimeOffset Now => _world.Thread.Now;

    /// <summary>Lets time pass. Timers that become due fire, and messages are handed to the app.</summary>
    /// <remarks>
    /// Nothing waits, but the component's engine does in that time what it does in production: once in each second it looks after each
    /// topic of the app, which costs about 0.3 ms of real time. Ten minutes with 40 topics take some 7 seconds, and a day cannot be passed
    /// so; turn shorter times, or a setting of the app that makes them short.
    /// </remarks>
    /// <param name="by">How much, zero or more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Ends when it has passed.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative.</exception>
    /// <exception cref="DarqTestException">A handler hangs, or the simulation failed.</exception>
    /// <exception cref="InvalidOperationException">Another call is letting time pass.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the time that has passed stays.</exception>
    public Task AdvanceAsync(TimeSpan by, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        return _world.Thread.RunUntilAsync(reached: null, by, _world.Dispatcher.Dispatch, cancellationToken);
    }
}

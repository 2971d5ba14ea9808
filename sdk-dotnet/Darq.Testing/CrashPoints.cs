using Darq.Testing.Crashes;

namespace Darq.Testing;

/// <summary>
/// Tells whether the handlers of an app are safe: whatever call or answer a crash of its process falls on, the same comes of a scenario.
/// </summary>
public static class CrashPoints
{
    /// <summary>
    /// Runs a scenario without a crash and notes each moment at which the app's process could die: before and after each delivery, and
    /// around each call of a handler to its sidecar. Runs it once more for each of them, with a crash at exactly that moment, until nothing
    /// is left to do. State, emitted messages and what the test observes must be the same each time.
    /// </summary>
    /// <remarks>
    /// Compared are the values of all keys, and the data of all messages of each topic, in any order. Values that differ from run to run,
    /// such as times and random numbers, are no crash's fault; leave their keys out with <paramref name="ignoredKeys"/>. Static variables
    /// of the app outlive both crashes and runs, so it should have none.
    /// </remarks>
    /// <param name="scenario">Sets state and publishes; it may also wait until the host is idle, and need not.</param>
    /// <param name="observe">
    /// Something else to compare, such as the charges at the stand-in of a payment service, as JSON; null for nothing.
    /// </param>
    /// <param name="configure">
    /// Runs before each run: create here, anew, what must outlive a crash but not the run, and register it as an instance. Null for
    /// nothing.
    /// </param>
    /// <param name="ignoredKeys">Keys of the state that are not compared; null for none.</param>
    /// <param name="allowsDeadLetters">
    /// Whether messages may become dead letters without a crash. By default that is an error, because a handler that always fails leaves
    /// the same behind whatever a crash falls on.
    /// </param>
    /// <typeparam name="TEntryPoint">A type of the app's assembly, usually its <c>Program</c>.</typeparam>
    /// <returns>How many crash points were tried.</returns>
    /// <exception cref="CrashPointException">A crash made a difference.</exception>
    /// <exception cref="DarqTestException">The scenario fails without a crash, or no message of it reaches a handler.</exception>
    public static async Task<int> CheckAsync<TEntryPoint>(
        Func<DarqTestHost, Task> scenario,
        Func<DarqTestHost, object?>? observe = null,
        Action<DarqTestOptions>? configure = null,
        Func<string, bool>? ignoredKeys = null,
        bool allowsDeadLetters = false
    )
        where TEntryPoint : class
    {
        var runs = new CrashRuns(scenario, observe, ignoredKeys ?? (_ => false), () => DarqTestHost.StartAsync<TEntryPoint>(configure));
        var calm = await runs.RunAsync(crashAt: null).ConfigureAwait(false);
        if (calm.Moments.Count == 0)
        {
            throw new DarqTestException("No message of the scenario reaches a handler of the app, so that there is nothing to check.");
        }

        if (calm.Failures.Count > 0 && !allowsDeadLetters)
        {
            throw new DarqTestException(
                "Without a crash already messages become dead letters, so that there is nothing to check:\n"
                    + string.Join('\n', calm.Failures)
            );
        }

        for (var point = 0; point < calm.Moments.Count; point++)
        {
            var name = $"Crash point {point + 1} of {calm.Moments.Count}, seed {calm.Seed}: {calm.Moments[point]}.";
            await CheckAsync(runs, calm, point, name).ConfigureAwait(false);
        }

        return calm.Moments.Count;
    }

    private static async Task CheckAsync(CrashRuns runs, CrashRun calm, int point, string name)
    {
        CrashRun crashed;
        try
        {
            crashed = await runs.RunAsync(point).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            throw new CrashPointException($"{name} The run does not end well: {fault.Message}", fault);
        }

        if (crashed.Moments.Count <= point || crashed.Moments[point] != calm.Moments[point])
        {
            throw new DarqTestException(
                $"{name} It did not come again, so that the scenario cannot be repeated: "
                    + $"{(crashed.Moments.Count <= point ? "the run ended before" : crashed.Moments[point])}."
            );
        }

        if (!crashed.Lines.SequenceEqual(calm.Lines))
        {
            throw new CrashPointException($"{name} What came of it differs.\n{CrashRun.Difference(calm, crashed)}");
        }
    }
}

using System.Text.Json;
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
    /// <para>
    /// Compared are the values of all keys, and the data of all messages of each topic, in any order. Values that differ from run to run,
    /// such as times and random numbers, are no crash's fault: where a crash seems to make a difference, another run without one tells.
    /// Leave them out with <paramref name="ignoredKeys"/> and <paramref name="ignoredTopics"/>, and return from
    /// <paramref name="observe"/> what must not differ. Messages of different keys come in any order, and after a crash in another one
    /// than without it: a key that tells which of them came first differs although the handlers are safe. Leave it out too, and return
    /// what must hold in any order, such as a sum.
    /// </para>
    /// <para>
    /// State with a time to live expires only in time that the scenario lets pass with <see cref="TestTime.AdvanceAsync"/>, because a
    /// crash takes some seconds until another process takes over, which would let it expire. How much is left is not compared.
    /// </para>
    /// <para>
    /// Each run has one crash, and what it falls on is repeated as the same attempt. Not tried are: two crashes in a run; a handler that
    /// throws, so that attempt 2 comes, but with <paramref name="failedCalls"/>; a delivery that takes too long; and, but with
    /// <paramref name="competing"/>, another step that writes what a handler has read. Reads of a step are guarded against that; reads with
    /// <c>DaprClient</c> beside it are not.
    /// </para>
    /// <para>
    /// A crash point is found again by its topic, message, attempt and call, counted among calls of the same kind and key. So parallel
    /// calls of a handler, and handlers beside each other (<see cref="DarqTestOptions.MaxConcurrentHandlers"/>), may come in any order; but
    /// each run has to make the same calls. Give messages that a handler publishes outside of a step an id, where several handlers run at
    /// once. Static variables of the app outlive both crashes and runs, so it should have none.
    /// </para>
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
    /// <param name="ignoredTopics">Topics whose messages are not compared; null for none.</param>
    /// <param name="allowsDeadLetters">
    /// Whether messages may become dead letters without a crash. By default that is an error, because a handler that always fails leaves
    /// the same behind whatever a crash falls on.
    /// </param>
    /// <param name="failedCalls">
    /// Whether each call of a handler to its sidecar is also tried to take effect and then fail with <c>Unavailable</c>, while the process
    /// lives: the handler may repeat it, or throw and get attempt 2. Not for scenarios whose messages are given up at the first failure.
    /// </param>
    /// <param name="competing">
    /// What another step writes to a key that a handler has read, between its last read and its commit: the new value, by the key's name
    /// and its present value, which is <see cref="JsonValueKind.Undefined"/> where there is none in JSON; null for a key that nobody else
    /// writes. The handler has to be run again on fresh state, so that the same comes of it as where that step wrote before the handler
    /// began: such a run is what it is compared with. The function runs in the simulation, and must not use the host. Not for scenarios
    /// whose messages are given up at the first failure. Null tries none.
    /// </param>
    /// <param name="within">
    /// Most virtual time that may pass in each run, after the scenario, until nothing is left to do; 10 minutes by default.
    /// </param>
    /// <param name="cancellationToken">Ends the check; no other crash point is tried.</param>
    /// <typeparam name="TEntryPoint">A type of the app's assembly, usually its <c>Program</c>.</typeparam>
    /// <returns>How many crash points were tried.</returns>
    /// <exception cref="CrashPointException">A crash made a difference; the text has the call that repeats it alone.</exception>
    /// <exception cref="DarqTestException">
    /// The scenario fails without a crash, no message of it reaches a handler, a crash point did not come again, or already two runs
    /// without a crash differ.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<int> CheckAsync<TEntryPoint>(
        Func<DarqTestHost, Task> scenario,
        Func<DarqTestHost, object?>? observe = null,
        Action<DarqTestOptions>? configure = null,
        Func<string, bool>? ignoredKeys = null,
        Func<string, bool>? ignoredTopics = null,
        bool allowsDeadLetters = false,
        bool failedCalls = false,
        Func<string, JsonElement, object?>? competing = null,
        TimeSpan? within = null,
        CancellationToken cancellationToken = default
    )
        where TEntryPoint : class
    {
        var runs = new CrashRuns(
            scenario,
            observe,
            new(ignoredKeys, ignoredTopics),
            within,
            new(failedCalls, competing),
            Start<TEntryPoint>(configure, seed: null)
        );
        var calm = await CrashChecks.CalmAsync(runs, allowsDeadLetters, cancellationToken).ConfigureAwait(false);
        for (var point = 0; point < calm.Points.Count; point++)
        {
            var moment = calm.Points[point];
            var title = $"Crash point {point + 1} of {calm.Points.Count}, seed {calm.Seed}: {moment}.";
            var named = new CrashPoint(title, moment.Name, typeof(TEntryPoint));
            var crashed = await CrashChecks.CrashAsync(runs, named, calm.Seed, cancellationToken).ConfigureAwait(false);
            var reference = named.IsCompeting
                ? await CrashChecks.ReferenceAsync(runs, named, cancellationToken).ConfigureAwait(false)
                : calm;
            await CrashChecks.CompareAsync(runs, reference, crashed, named, cancellationToken).ConfigureAwait(false);
        }

        return calm.Points.Count;
    }

    /// <summary>
    /// Runs a scenario with a crash at one point, to find out with a debugger what goes wrong there; then without one, and compares the two
    /// as <see cref="CheckAsync"/> does. The line that calls it is in the text of <see cref="CrashPointException"/>.
    /// </summary>
    /// <param name="scenario">As in <see cref="CheckAsync"/>.</param>
    /// <param name="point">The name of the crash point.</param>
    /// <param name="seed">The seed, in place of that of <paramref name="configure"/>; null for that one.</param>
    /// <param name="observe">As in <see cref="CheckAsync"/>.</param>
    /// <param name="configure">As in <see cref="CheckAsync"/>.</param>
    /// <param name="ignoredKeys">As in <see cref="CheckAsync"/>.</param>
    /// <param name="ignoredTopics">As in <see cref="CheckAsync"/>.</param>
    /// <param name="competing">As in <see cref="CheckAsync"/>.</param>
    /// <param name="within">As in <see cref="CheckAsync"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <typeparam name="TEntryPoint">A type of the app's assembly, usually its <c>Program</c>.</typeparam>
    /// <returns>Ends when both have run.</returns>
    /// <exception cref="CrashPointException">The crash made a difference.</exception>
    /// <exception cref="DarqTestException">
    /// The run does not come to such a point, and the text has those that it comes to; or already two runs without a crash differ.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task RunAsync<TEntryPoint>(
        Func<DarqTestHost, Task> scenario,
        string point,
        int? seed = null,
        Func<DarqTestHost, object?>? observe = null,
        Action<DarqTestOptions>? configure = null,
        Func<string, bool>? ignoredKeys = null,
        Func<string, bool>? ignoredTopics = null,
        Func<string, JsonElement, object?>? competing = null,
        TimeSpan? within = null,
        CancellationToken cancellationToken = default
    )
        where TEntryPoint : class
    {
        var runs = new CrashRuns(
            scenario,
            observe,
            new(ignoredKeys, ignoredTopics),
            within,
            new(FailedCalls: false, competing),
            Start<TEntryPoint>(configure, seed)
        );
        var named = new CrashPoint($"Crash point \"{point}\".", point, typeof(TEntryPoint));
        var crashed = await CrashChecks.CrashAsync(runs, named, seed, cancellationToken).ConfigureAwait(false);
        var reference = await CrashChecks.ReferenceAsync(runs, named, cancellationToken).ConfigureAwait(false);
        await CrashChecks.CompareAsync(runs, reference, crashed, named, cancellationToken).ConfigureAwait(false);
    }

    private static Func<CancellationToken, Task<DarqTestHost>> Start<TEntryPoint>(Action<DarqTestOptions>? configure, int? seed)
        where TEntryPoint : class =>
        cancellationToken =>
            DarqTestHost.StartAsync<TEntryPoint>(
                options =>
                {
                    configure?.Invoke(options);
                    options.Seed = seed ?? options.Seed;
                },
                cancellationToken
            );
}

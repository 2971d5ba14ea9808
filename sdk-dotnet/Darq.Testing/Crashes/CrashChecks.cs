using System.Text.Encodings.Web;
using System.Text.Json;

namespace Darq.Testing.Crashes;

/// <summary>A crash point to be tried.</summary>
/// <param name="Title">It in a sentence, at the start of each error.</param>
/// <param name="Name">By which a run finds it.</param>
/// <param name="App">The entry point of the app.</param>
internal sealed record CrashPoint(string Title, string Name, Type App)
{
    private static readonly string Competing = $" {nameof(MomentKind.CompetingWrite)} ";

    /// <summary>Whether another step writes there, and nothing crashes.</summary>
    public bool IsCompeting => Name.Contains(Competing, StringComparison.Ordinal);

    /// <summary>What is only in the run that shows what has to come of it, and only in the run with the point.</summary>
    public (string Reference, string Run) Only =>
        IsCompeting
            ? ("Only where it wrote before the handler:", "Only where it wrote between read and commit:")
            : ("Only without the crash:", "Only with the crash:");
}

/// <summary>What the runs of a scenario say about its handlers.</summary>
internal static class CrashChecks
{
    // Where handlers run beside each other, one may fail in one run and not in the next.
    private const int Tries = 3;

    private const int ShownPoints = 100;

    // All that JSON escapes, C# reads as well.
    private static readonly JsonSerializerOptions Literal = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The run without a crash. Throws <see cref="DarqTestException"/> where nothing can be checked.</summary>
    public static async Task<CrashRun> CalmAsync(CrashRuns runs, bool allowsDeadLetters, CancellationToken cancellationToken)
    {
        var calm = await runs.RunCalmlyAsync(cancellationToken).ConfigureAwait(false);
        if (calm.Points.Count == 0)
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

        return calm;
    }

    /// <summary>A run with a crash. Throws <see cref="DarqTestException"/> where it does not come to the point.</summary>
    public static async Task<CrashRun> CrashAsync(CrashRuns runs, CrashPoint point, int? seed, CancellationToken cancellationToken)
    {
        CrashRun run = null!;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            try
            {
                run = await runs.RunWithAsync(point.Name, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                throw new CrashPointException(
                    $"{point.Title} The run does not end well: {fault.Message}\n{HowToRepeat(point, seed)}",
                    fault
                );
            }

            if (run.HasCrashed)
            {
                return run;
            }
        }

        throw new DarqTestException(
            $"{point.Title} It did not come again in {Tries} runs, so that the scenario does not repeat. These came:\n"
                + string.Join('\n', run.Points.Take(ShownPoints).Select(other => other.Name))
        );
    }

    /// <summary>
    /// The run that shows what has to come of a point: one without a crash, or where the other step writes before the handler, which is
    /// then alone.
    /// </summary>
    public static async Task<CrashRun> ReferenceAsync(CrashRuns runs, CrashPoint point, CancellationToken cancellationToken)
    {
        if (!point.IsCompeting)
        {
            return await runs.RunCalmlyAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await runs.RunAfterAsync(point.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (DarqTestException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DarqTestException(
                $"{point.Title} The run does not end well already where it wrote before the handler, so that there is nothing to compare. "
                    + $"Return null from competing for what no other step writes. {fault.Message}",
                fault
            );
        }
    }

    /// <summary>
    /// Throws <see cref="CrashPointException"/> where the point makes a difference, and <see cref="DarqTestException"/> where it need not
    /// have been the point.
    /// </summary>
    public static async Task CompareAsync(
        CrashRuns runs,
        CrashRun reference,
        CrashRun run,
        CrashPoint point,
        CancellationToken cancellationToken
    )
    {
        if (run.Lines.SequenceEqual(reference.Lines))
        {
            return;
        }

        var again = await ReferenceAsync(runs, point, cancellationToken).ConfigureAwait(false);
        if (!again.Lines.SequenceEqual(reference.Lines))
        {
            throw new DarqTestException(
                "Two runs without a crash differ already, so that there is nothing to compare: by real time, random numbers, static "
                    + "variables or chance. Leave that out with ignoredKeys or ignoredTopics, and return from observe what must not "
                    + $"differ.\n{CrashRun.Difference(reference, "Only in one:", again, "Only in the other:")}"
            );
        }

        var order =
            reference.Points.DistinctBy(moment => (moment.Topic, moment.Id)).Count() < 2
                ? ""
                : "Messages of different keys come in any order, and after a crash in another one. If this is all that differs, leave it "
                    + "out with ignoredKeys or ignoredTopics, and return from observe what must hold in any order.\n";
        var difference = CrashRun.Difference(reference, point.Only.Reference, run, point.Only.Run);
        throw new CrashPointException($"{point.Title} What came of it differs.\n{difference}\n{order}{HowToRepeat(point, reference.Seed)}");
    }

    private static string HowToRepeat(CrashPoint point, int? seed)
    {
        var app = (point.App.FullName ?? point.App.Name).Replace('+', '.');
        var withSeed = seed is { } number ? $", seed: {number}" : "";
        return "To run it alone, with what else CheckAsync is given: "
            + $"await CrashPoints.RunAsync<{app}>(scenario, {JsonSerializer.Serialize(point.Name, Literal)}{withSeed});";
    }
}

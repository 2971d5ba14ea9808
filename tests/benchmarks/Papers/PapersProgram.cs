using Darq.Benchmarks.Client;
using Darq.Benchmarks.Reports;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Papers;

/// <summary><c>bench.sh papers</c>: what speculation gains and costs. Ends with 0 only if no call failed.</summary>
internal static class PapersProgram
{
    public const string Mode = "papers";

    private const int Levels = 3;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (PapersOptions.Read(arguments, out var fault) is not { } options)
        {
            await Console.Error.WriteLineAsync($"bench.sh: {fault}");
            return 2;
        }

        // The level reply has one flush time, the others have all; each has a round of many chains; then comes the recovery.
        var progress = new Progress(options.Pairs * (2 * options.FlushesMs.Count + 1 + Levels + 1));
        try
        {
            var result = await new SpeculationRun(options, progress).MeasureAsync();
            progress.Clear();
            await ReportAsync(options, result);
            return 0;
        }
#pragma warning disable CA1031 // Whatever it was, there are no figures; what is not foreseen is shown in full.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            progress.Clear();
            await Console.Error.WriteLineAsync(
                $"bench.sh: {progress.Scenario} FAILED: {(failure is LoadFailedException ? failure.Message : failure)}"
            );
            return 1;
        }
    }

    private static async Task ReportAsync(PapersOptions options, PapersResult result)
    {
        Console.WriteLine(PapersPage.Tables(result));
        if (options.Quick)
        {
            Console.WriteLine("\nquick: short rounds, good for a first look only");
        }

        if (options.JsonFile is { } file)
        {
            await Record.WriteJsonAsync(file, result);
        }

        if (options.Record)
        {
            var path = Repository.PathOf("tests", "benchmarks", $"results-papers-valkey-{result.Environment.Redis}");
            await Record.WriteJsonAsync(path + ".json", result);
            await File.WriteAllTextAsync(path + ".md", PapersPage.Of(result, Path.GetFileName(path) + ".svg"));
            var replicated = result.Chains.Where(row => row.Level == Level.ReplicaFsync.Durability);
            await File.WriteAllTextAsync(path + ".svg", FlushChart.Of([.. replicated]));
            Console.WriteLine($"\nRecorded in {Path.GetRelativePath(Repository.Root, path + ".md")}");
        }
    }
}

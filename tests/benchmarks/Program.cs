using System.Text.Encodings.Web;
using System.Text.Json;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Hops;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reports;
using Darq.Benchmarks.Scenarios;

namespace Darq.Benchmarks;

/// <summary>Runs the scenarios one after the other. Ends with 0 only if every row is there and no call failed.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, Func<Stage, Scenario>> Scenarios = new()
    {
        ["publish"] = stage => new PublishScenario(stage, 1),
        ["publish-bulk"] = stage => new PublishScenario(stage, 100),
        ["deliver"] = stage => new DeliverScenario(stage),
        ["step"] = stage => new StepScenario(stage, Scenario.Outstanding),
        ["step-serial"] = stage => new StepScenario(stage, 1),
        ["state-get"] = stage => new StateScenario(stage, writes: false),
        ["state-set"] = stage => new StateScenario(stage, writes: true),
        ["hop"] = stage => new HopScenario(stage, 1),
        ["hop-many"] = stage => new HopScenario(stage, Scenario.Outstanding),
    };

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [ReferenceComponent.Argument, var socket])
        {
            await ReferenceComponent.RunAsync(socket);
            return 0;
        }

        if (Options.Read(arguments, Scenarios.Keys, out var fault) is not { } options)
        {
            await Console.Error.WriteLineAsync($"bench.sh: {fault}");
            return 2;
        }

        var chosen = Scenarios.Where(scenario => options.Only is null || scenario.Key == options.Only).ToArray();
        var progress = new Progress(chosen.Length * 2 * (options.Pairs + 1));
        var rows = new List<Row>();
        var name = "";
        try
        {
            foreach (var scenario in chosen)
            {
                name = scenario.Key;
                rows.Add(await new Run(options, progress).MeasureAsync(name, scenario.Value));
            }
        }
#pragma warning disable CA1031 // Whatever it was, there are no figures; what is not foreseen is shown in full.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            progress.Clear();
            await Console.Error.WriteLineAsync($"bench.sh: {name} FAILED: {(failure is LoadFailedException ? failure.Message : failure)}");
            return 1;
        }

        progress.Clear();
        Console.WriteLine(Table.Of(rows));
        if (options.Quick) Console.WriteLine("quick: short rounds, good for a first look only");
        if (options.JsonFile is { } file) await File.WriteAllTextAsync(file, JsonSerializer.Serialize(rows, Json) + "\n");
        return 0;
    }
}

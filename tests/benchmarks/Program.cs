using Darq.Benchmarks.Client;
using Darq.Benchmarks.Floor;
using Darq.Benchmarks.Hops;
using Darq.Benchmarks.Papers;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;
using Darq.Benchmarks.Reports;
using Darq.Benchmarks.Scenarios;
using Darq.Benchmarks.Sidecars;
using Darq.Benchmarks.Workflows;

namespace Darq.Benchmarks;

/// <summary>Runs the scenarios one after the other. Ends with 0 only if every row is there and no call failed.</summary>
internal static class Program
{
    public static IReadOnlyDictionary<string, Func<Stage, Scenario>> Scenarios { get; } =
        new Dictionary<string, Func<Stage, Scenario>>
        {
            ["publish"] = stage => new PublishScenario(stage, 1),
            ["publish-bulk"] = stage => new PublishScenario(stage, 100),
            ["deliver"] = stage => new DeliverScenario(stage),
            ["step"] = stage => new StepScenario(stage, Scenario.Outstanding),
            ["step-serial"] = stage => new StepScenario(stage, 1),
            ["state-get"] = stage => new StateScenario(stage, writes: false),
            ["state-set"] = stage => new StateScenario(stage, writes: true),
            ["workflow-store"] = stage => new WorkflowScenario(stage),
            ["workflow"] = stage => new WholeWorkflowScenario(stage, cold: false),
            ["workflow-cold"] = stage => new WholeWorkflowScenario(stage, cold: true),
            ["paced"] = stage => new PacedScenario(stage),
            ["queue-vs-bullmq"] = stage => new QueueScenario(stage),
            ["hop"] = stage => new HopScenario(stage, chains: 1, steps: 10),
            ["hop-many"] = stage => new HopScenario(stage, Scenario.Outstanding, steps: 5),
            ["sidecar-publish"] = stage => new SidecarPublishScenario(stage, Scenario.Outstanding),
            ["sidecar-publish-alone"] = stage => new SidecarPublishScenario(stage, 1),
            ["sidecar-get"] = stage => new SidecarStateScenario(stage, writes: false),
            ["sidecar-set"] = stage => new SidecarStateScenario(stage, writes: true),
            ["sidecar-paced"] = stage => new SidecarPacedScenario(stage),
            ["sidecar-drain"] = stage => new SidecarDrainScenario(stage),
        };

    /// <summary>For a scenario that needs more than every other: what of that this machine lacks, or null.</summary>
    private static readonly Dictionary<string, Func<string?>> Missing = new() { ["queue-vs-bullmq"] = BullMq.Missing };

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [FloorComponent.Mode, FloorComponent.SocketOption, var socket])
        {
            await FloorComponent.RunAsync(socket);
            return 0;
        }

        if (arguments is [PapersProgram.Mode, .. var ofPapers])
        {
            return await PapersProgram.RunAsync(ofPapers);
        }

        if (Options.Read(arguments, [.. Scenarios.Keys], out var fault) is not { } options)
        {
            await Console.Error.WriteLineAsync($"bench.sh: {fault}");
            return 2;
        }

        var asked = Scenarios.Where(scenario => options.Only is null || scenario.Key == options.Only).ToArray();
        var leftOut = LeftOut(asked.Select(scenario => scenario.Key));
        var chosen = asked.Where(scenario => !leftOut.ContainsKey(scenario.Key)).ToArray();
        var progress = new Progress(chosen.Length * 2 * (options.Pairs + 1));
        var rows = new List<Row>();
        try
        {
            foreach (var (name, create) in chosen)
            {
                progress.Begin(name);
                rows.Add(await new Run(options, progress).MeasureAsync(name, create));
            }

            progress.Clear();
            await ReportAsync(options, rows, [.. leftOut.Select(scenario => $"{scenario.Key} is left out: {scenario.Value}")]);
            return 0;
        }
#pragma warning disable CA1031 // Whatever it was, there are no figures; what is not foreseen is shown in full.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            progress.Clear();
            if (rows.Count > 0)
            {
                Console.WriteLine(Table.Of(rows));
            }

            await Console.Error.WriteLineAsync(
                $"bench.sh: {progress.Scenario} FAILED: {(failure is LoadFailedException ? failure.Message : failure)}"
            );
            return 1;
        }
    }

    private static Dictionary<string, string> LeftOut(IEnumerable<string> scenarios) =>
        scenarios
            .Select(scenario => (Scenario: scenario, Reason: Missing.GetValueOrDefault(scenario)?.Invoke()))
            .Where(scenario => scenario.Reason is not null)
            .ToDictionary(scenario => scenario.Scenario, scenario => scenario.Reason!);

    private static async Task ReportAsync(Options options, List<Row> rows, IReadOnlyList<string> leftOut)
    {
        if (rows.Count > 0)
        {
            Console.WriteLine(Table.Of(rows));
        }

        foreach (var line in leftOut)
        {
            Console.WriteLine(line);
        }

        if (options.Quick && rows.Count > 0)
        {
            Console.WriteLine("quick: short rounds, good for a first look only");
        }

        if (options.JsonFile is { } file)
        {
            await Record.WriteJsonAsync(file, rows);
        }
        // Its figures say nothing about a single row, so a look at one does not wait for them.
        if (options.Only is not null)
        {
            return;
        }

        var orientation = await Orientation.ReadAsync(Scenario.Outstanding, Scenario.PayloadBytes);
        Console.WriteLine("For orientation, redis-benchmark:");
        foreach (var line in orientation)
        {
            Console.WriteLine("  " + line);
        }

        if (options.Record)
        {
            Console.WriteLine($"Recorded in {await Record.WriteAsync(rows, leftOut, orientation)}");
        }
    }
}

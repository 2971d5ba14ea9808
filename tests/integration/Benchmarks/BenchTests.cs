using System.Text.Json;
using Darq.Benchmarks;
using Darq.Benchmarks.Reports;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Benchmarks;

/// <summary>That bench.sh measures what it says: rows are complete. How fast anything is, no test asks.</summary>
[Trait("Lane", "Slow")]
public sealed class BenchTests
{
    private static readonly string[] Fields =
    [
        "scenario",
        "unit",
        "ops_per_second",
        "p50_us",
        "p99_us",
        "peak_rss_mb",
        "reference",
        "reference_ops_per_second",
        "reference_p50_us",
        "ratio",
        "ratio_min",
        "ratio_max",
        "p50_ratio",
        "pairs",
        "redis_us_per_op",
        "allocated_bytes_per_op",
        "chains",
        "environment",
    ];

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_quick_run_of_one_scenario_ends_well_and_writes_a_complete_row()
    {
        using var folder = new TempFolder();
        var file = folder.PathOf("rows.json");

        await using var run = await ChildProcess.StartAsync(
            Repository.Binary("tests/benchmarks", "benchmarks"),
            ["--quick", "--only", "state-set", "--json", file]
        );
        var code = await run.WaitForExitAsync(TimeSpan.FromMinutes(1));

        Assert.True(code == 0, run.Output.ToString());
        using var rows = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var row = Assert.Single(rows.RootElement.EnumerateArray());
        Assert.All(Fields, field => Assert.True(row.TryGetProperty(field, out _), $"{field} is missing"));
        Assert.Equal("state-set", row.GetProperty("scenario").GetString());
        Assert.Equal(3, row.GetProperty("pairs").GetInt32());
        Assert.True(row.GetProperty("environment").GetProperty("quick").GetBoolean());
        Assert.All(
            ["ops_per_second", "reference_ops_per_second", "p50_us", "ratio", "redis_us_per_op", "peak_rss_mb"],
            field => Assert.True(row.GetProperty(field).GetDouble() > 0, field)
        );
        Assert.InRange(
            row.GetProperty("ratio").GetDouble(),
            row.GetProperty("ratio_min").GetDouble(),
            row.GetProperty("ratio_max").GetDouble()
        );
    }

    // The rows of several processes and machinery of their own; the others would only take longer.
    public static TheoryData<string> Rows =>
        [.. Program.Scenarios.Keys.Where(name => name.Split('-')[0] is "hop" or "sidecar" or "workflow")];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_row_with_a_single_short_round_has_figures_of_both_sides(string name)
    {
        var options = new Options
        {
            WarmUp = Short,
            Round = Short,
            MostProbes = 0,
            Pairs = 1,
        };

        var row = await new Run(options, new Progress(rounds: 0)).MeasureAsync(name, Program.Scenarios[name]);

        Assert.All(
            [row.OpsPerSecond, row.ReferenceOpsPerSecond, row.P50, row.ReferenceP50, row.PeakRssMb],
            figure => Assert.True(figure > 0)
        );
        Assert.Equal(name.StartsWith("hop", StringComparison.Ordinal), row.Chains is { PerSecond: > 0, ReferencePerSecond: > 0, P50: > 0 });
    }

    [Fact]
    public async Task An_unknown_scenario_is_refused_with_the_names_that_there_are()
    {
        await using var run = await ChildProcess.StartAsync(Repository.Binary("tests/benchmarks", "benchmarks"), ["--only", "everything"]);

        Assert.Equal(2, await run.WaitForExitAsync(TimeSpan.FromMinutes(1)));
        Assert.Contains("publish-bulk", run.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scenario_that_needs_Node_is_left_out_with_the_reason_where_there_is_none()
    {
        await using var run = await ChildProcess.StartAsync(
            Repository.Binary("tests/benchmarks", "benchmarks"),
            ["--only", "queue-vs-bullmq"],
            new Dictionary<string, string?> { ["PATH"] = "/nowhere" }
        );

        Assert.Equal(0, await run.WaitForExitAsync(TimeSpan.FromMinutes(1)));
        var line = Assert.Single(run.Output.All);
        Assert.Equal("queue-vs-bullmq is left out: node is missing; Node.js 18 or newer is needed, with npm", line);
    }
}

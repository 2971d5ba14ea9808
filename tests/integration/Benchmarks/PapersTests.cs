using System.Text.Json;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Benchmarks;

/// <summary>That <c>bench.sh papers</c> has figures for each level and flush time. How fast anything is, no test asks.</summary>
[Trait("Lane", "Slow")]
public sealed class PapersTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_quick_run_of_the_speculation_rows_ends_well_and_writes_all_of_them()
    {
        using var folder = new TempFolder();
        var file = folder.PathOf("papers.json");

        await using var run = await ChildProcess.StartAsync(
            Repository.Binary("tests/benchmarks", "benchmarks"),
            ["papers", "--quick", "--json", file]
        );
        var code = await run.WaitForExitAsync(Patience);

        Assert.True(code == 0, run.Output.ToString());
        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var chains = result.RootElement.GetProperty("chains").EnumerateArray().ToArray();
        Assert.Equal(
            ["replica-fsync:1 0", "replica-fsync:1 5", "fsync 0", "fsync 5", "reply 0"],
            chains.Select(row => $"{row.GetProperty("level").GetString()} {row.GetProperty("flush_ms").GetInt32()}")
        );
        Assert.All(
            chains,
            row =>
            {
                AssertMeasured(row, "strict_ms");
                AssertMeasured(row, "applied_ms");
                AssertMeasured(row, "gain");
                AssertRounds(row);
            }
        );
        var many = result.RootElement.GetProperty("many").EnumerateArray().ToArray();
        Assert.Equal(["replica-fsync:1", "fsync", "reply"], many.Select(row => row.GetProperty("level").GetString()));
        Assert.All(many, row => AssertMeasured(row, "gain"));
        var recovery = result.RootElement.GetProperty("recovery");
        AssertMeasured(recovery, "strict_first_ms");
        AssertMeasured(recovery, "applied_first_ms");
        Assert.True(result.RootElement.GetProperty("environment").GetProperty("quick").GetBoolean());
    }

    [Fact]
    public async Task An_argument_that_the_speculation_rows_do_not_have_is_refused_with_those_that_they_have()
    {
        await using var run = await ChildProcess.StartAsync(
            Repository.Binary("tests/benchmarks", "benchmarks"),
            ["papers", "--only", "hop"]
        );

        Assert.Equal(2, await run.WaitForExitAsync(Patience));
        Assert.Contains("--quick, --json FILE, --record", run.Output.ToString(), StringComparison.Ordinal);
    }

    private static void AssertMeasured(JsonElement row, string figure) =>
        Assert.True(row.GetProperty(figure).GetProperty("min").GetDouble() > 0, figure);

    /// <summary>A strict chain of ten hops asks the replicas once a hop, and nobody is asked where there are none.</summary>
    private static void AssertRounds(JsonElement row)
    {
        var rounds = row.GetProperty("strict_rounds").GetDouble();
        if (row.GetProperty("level").GetString() == "replica-fsync:1")
        {
            Assert.InRange(rounds, 8, 14);
        }
        else
        {
            Assert.Equal(0, rounds);
        }
    }
}

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
                AssertSpread(row, "strict_ms");
                AssertSpread(row, "applied_ms");
                AssertSpread(row, "gain");
                Assert.True(row.GetProperty("predicted_strict_ms").GetDouble() >= row.GetProperty("predicted_applied_ms").GetDouble());
                Assert.True(row.GetProperty("predicted_applied_ms").GetDouble() > 0);
            }
        );
        var many = result.RootElement.GetProperty("many").EnumerateArray().ToArray();
        Assert.Equal(["replica-fsync:1", "fsync", "reply"], many.Select(row => row.GetProperty("level").GetString()));
        Assert.All(many, row => AssertSpread(row, "gain"));
        var recovery = result.RootElement.GetProperty("recovery");
        AssertSpread(recovery, "strict_first_ms");
        AssertSpread(recovery, "applied_first_ms");
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

    private static void AssertSpread(JsonElement row, string figure)
    {
        var spread = row.GetProperty(figure);
        Assert.True(spread.GetProperty("min").GetDouble() > 0, figure);
        Assert.InRange(
            spread.GetProperty("median").GetDouble(),
            spread.GetProperty("min").GetDouble(),
            spread.GetProperty("max").GetDouble()
        );
    }
}

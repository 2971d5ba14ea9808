using System.Text.RegularExpressions;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Sdk;

/// <summary>examples/speculative-chain: its receipts are right after a loss, and its proof notices where they are not.</summary>
[Trait("Lane", "Slow")]
public sealed partial class SpeculativeChainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private static readonly string Example = Repository.PathOf("examples", "speculative-chain");

    [Fact]
    public async Task A_quick_run_prints_what_its_document_says_in_other_numbers()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(Example, "README.md"), TestContext.Current.CancellationToken);
        var block = document.Split("```\n").Single(part => part.StartsWith("level  ", StringComparison.Ordinal));
        var expected = Shape(block.Split('\n'));
        using var folder = new TempFolder();
        var chart = Path.Combine(folder.FullPath, "latency.svg");

        await using var run = await ChildProcess.StartAsync(Path.Combine(Example, "run.sh"), ["--quick", "--svg", chart]);
        var code = await run.WaitForExitAsync(Patience);

        Assert.True(code == 0, run.Output.ToString());
        var printed = run.Output.All.Where(line => !Progress().IsMatch(line));
        Assert.Equal(expected, Shape(printed).TakeLast(expected.Length));
        var (drawn, committed) = (await TextOfAsync(chart), await TextOfAsync(Path.Combine(Example, "measured.svg")));
        Assert.Equal(Words(committed), Words(drawn));
    }

    [Fact]
    public async Task A_last_service_that_does_not_wait_is_found_out()
    {
        await using var run = await ChildProcess.StartAsync(Path.Combine(Example, "run.sh"), ["--quick", "--without-wait"]);
        var code = await run.WaitForExitAsync(Patience);

        Assert.Equal(1, code);
        Assert.Contains("run.sh: the receipts are wrong:", run.Output.All);
        Assert.Contains(run.Output.All, line => UndoneReceipt().IsMatch(line));
    }

    [Theory]
    [InlineData("--seed", "x", "--seed is 'x'; accepted: a whole number of up to nine digits")]
    [InlineData("--fast", "x", "Unknown option '--fast'")]
    public async Task A_wrong_option_is_refused_before_anything_is_started(string name, string value, string text)
    {
        await using var run = await ChildProcess.StartAsync(Path.Combine(Example, "run.sh"), [name, value]);

        Assert.Equal(2, await run.WaitForExitAsync(Patience));
        Assert.Contains($"run.sh: {text}", run.Output.ToString(), StringComparison.Ordinal);
    }

    private static Task<string> TextOfAsync(string file) => File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

    /// <summary>Without numbers, and without the width of the columns.</summary>
    private static string[] Shape(IEnumerable<string> lines) =>
        [.. lines.Select(line => Spaces().Replace(Number().Replace(line, "#"), " ").TrimEnd()).Where(line => line.Length > 0)];

    /// <summary>The texts of a chart that are not numbers.</summary>
    private static string[] Words(string svg) =>
        [.. SvgText().Matches(svg).Select(text => Number().Replace(text.Groups[1].Value, "#")).Distinct()];

    [GeneratedRegex("^ *[0-9]+ s  ")]
    private static partial Regex Progress();

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    [GeneratedRegex(">([^<>]+)</text>")]
    private static partial Regex SvgText();

    [GeneratedRegex("^o[0-9]+ has a receipt, but is not in the books of (order|stock|payment|packing|shipping)$")]
    private static partial Regex UndoneReceipt();
}

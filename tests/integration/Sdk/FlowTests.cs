using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Sdk;

/// <summary>The examples with several services run, and print what their documents say.</summary>
[Trait("Lane", "Slow")]
public sealed class FlowTests
{
    [Theory]
    [InlineData("orders", "o1  ")]
    [InlineData("travel-saga", "t1  ")]
    public async Task A_run_prints_what_its_document_says(string example, string beginning)
    {
        var document = await File.ReadAllTextAsync(
            Repository.PathOf("examples", example, "README.md"),
            TestContext.Current.CancellationToken
        );
        var expected = document.Split("```\n").Single(block => block.StartsWith(beginning, StringComparison.Ordinal));

        await using var run = await ChildProcess.StartAsync(Repository.PathOf("examples", example, "run.sh"), []);
        var code = await run.WaitForExitAsync(TimeSpan.FromMinutes(5));

        Assert.Equal(0, code);
        Assert.EndsWith(expected.TrimEnd(), string.Join('\n', run.Output.All).TrimEnd(), StringComparison.Ordinal);
    }
}

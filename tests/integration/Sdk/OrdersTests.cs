using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Sdk;

/// <summary>examples/orders runs, and prints what its document says.</summary>
[Trait("Lane", "Slow")]
public sealed class OrdersTests
{
    [Fact]
    public async Task The_run_prints_what_the_document_says()
    {
        var document = await File.ReadAllTextAsync(
            Repository.PathOf("examples", "orders", "README.md"),
            TestContext.Current.CancellationToken
        );
        var expected = document.Split("```\n").Single(block => block.StartsWith("o1  ", StringComparison.Ordinal));

        await using var run = await ChildProcess.StartAsync(Repository.PathOf("examples", "orders", "run.sh"), []);
        var code = await run.WaitForExitAsync(TimeSpan.FromMinutes(5));

        Assert.Equal(0, code);
        Assert.EndsWith(expected.TrimEnd(), string.Join('\n', run.Output.All).TrimEnd(), StringComparison.Ordinal);
    }
}

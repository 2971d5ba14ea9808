using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Demo;

public sealed class ChainCheckTests
{
    [Fact]
    public async Task Checker_of_the_chain_finds_and_names_every_fault_in_receipts_and_books()
    {
        await using var suite = await ChildProcess.StartAsync(
            "node",
            ["--test", Repository.PathOf("tests", "unit", "Demo", "chain_check_test.mjs")]
        );
        var code = await suite.WaitForExitAsync(TimeSpan.FromSeconds(60));

        Assert.True(code == 0, suite.Output.ToString());
        Assert.Contains("# pass 11", suite.Output.All);
    }
}

using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Demo;

public sealed class BooksTests
{
    [Fact]
    public async Task Demo_finds_and_names_every_fault_in_the_books()
    {
        string[] arguments = [Repository.PathOf("tests", "unit", "Demo", "books_test.py")];
        await using var suite = await ChildProcess.StartAsync(Tools.Python, arguments);
        var code = await suite.WaitForExitAsync(TimeSpan.FromSeconds(60));

        Assert.True(code == 0, suite.Output.ToString());
        Assert.Contains(suite.Output.All, line => line.StartsWith("Ran 15 tests", StringComparison.Ordinal));
    }
}

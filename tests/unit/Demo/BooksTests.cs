using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Demo;

public sealed class BooksTests
{
    [Fact]
    public Task Demo_finds_and_names_every_fault_in_the_books() => PassAsync("books_test.py", 16);

    [Fact]
    public Task Demo_plans_its_faults_by_seed_and_refuses_a_run_that_they_did_not_hit() => PassAsync("chaos_test.py", 23);

    private static async Task PassAsync(string file, int tests)
    {
        await using var suite = await ChildProcess.StartAsync(Tools.Python, [Repository.PathOf("tests", "unit", "Demo", file)]);
        var code = await suite.WaitForExitAsync(TimeSpan.FromSeconds(60));

        Assert.True(code == 0, suite.Output.ToString());
        Assert.Contains(suite.Output.All, line => line.StartsWith($"Ran {tests} tests", StringComparison.Ordinal));
    }
}

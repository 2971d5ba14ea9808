using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

public sealed class LintTests
{
    public static TheoryData<string> Values => ValuesFile.Cases;

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Helm_finds_nothing_wrong(string values)
    {
        var run = await HelmProgram.RunAsync(["lint", "--strict", "helm/darq", .. ValuesFile.Arguments(values)]);

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.DoesNotContain("[WARNING]", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Helm_would_say_what_is_wrong() =>
        Assert.NotEqual(0, (await HelmProgram.RunAsync("lint", "--strict", "helm/darq", "--set", "mode=neither")).ExitCode);
}

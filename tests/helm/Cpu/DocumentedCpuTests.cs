using System.Text.RegularExpressions;
using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm.Cpu;

/// <summary>What the documents say of CPU is what <see cref="MinimumCpuTests"/> holds the binary to.</summary>
public sealed partial class DocumentedCpuTests
{
    [Theory]
    [InlineData("docs/running.md")]
    [InlineData("docs/sidecar-faults.md")]
    [InlineData("helm/README.md")]
    [InlineData(ChartValues.Path)]
    public void A_document_gives_what_is_measured(string path)
    {
        var given = Given().Matches(File.ReadAllText(Repository.PathOf(path))).Select(match => match.Groups[1].Value).ToArray();

        Assert.NotEmpty(given);
        Assert.All(given, millicores => Assert.Equal($"{MinimumCpuTests.Millicores}", millicores));
    }

    [Fact]
    public void The_chart_asks_for_it() =>
        Assert.Equal($"{MinimumCpuTests.Millicores}m", (string?)ChartValues.Defaults["container"]!["resources"]!["requests"]!["cpu"]);

    [GeneratedRegex("([0-9]+) millicores")]
    private static partial Regex Given();
}

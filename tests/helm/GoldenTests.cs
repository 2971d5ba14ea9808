using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>
/// What the chart makes of its defaults and of each file of <c>ci</c> is committed, so that a change of it is seen in a review.
/// </summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Values => ValuesFile.Cases;

    [Theory]
    [MemberData(nameof(Values))]
    public async Task The_chart_makes_what_is_committed(string values)
    {
        var rendering = await Rendering.OfAsync(values);

        Renewal.Compare($"tests/helm/Golden/{values}.yaml", rendering.Text);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task The_notes_are_what_is_committed(string values)
    {
        Renewal.Compare($"tests/helm/Golden/{values}.notes.txt", await Notes.RenderAsync(ValuesFile.Arguments(values)));
    }

    [Fact]
    public void Nothing_else_is_committed() =>
        Assert.Equal(
            ValuesFile.Names.SelectMany(name => new[] { $"{name}.notes.txt", $"{name}.yaml" }).Order(StringComparer.Ordinal),
            Directory
                .EnumerateFiles(Repository.PathOf("tests", "helm", "Golden"))
                .Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal)
        );
}

using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Darq.Tests.Unit.Code;

public sealed partial class EventIdTests
{
    [Fact]
    public void Event_ids_are_unique_and_each_folder_has_a_hundred_of_its_own()
    {
        var files = SourceTree.Component(".cs").ToArray();

        Assert.NotEmpty(files.SelectMany(Ids));
        Assert.Empty(Faults(files));
    }

    [Theory]
    [InlineData("[LoggerMessage(300, 1)]\n[LoggerMessage(300, 1)]", "[LoggerMessage(400, 1)]", "300 is there twice")]
    [InlineData("[LoggerMessage(300, 1)]\n[LoggerMessage(\n    300,\n    1\n)]", "[LoggerMessage(400, 1)]", "300 is there twice")]
    [InlineData("[LoggerMessage(300, 1)]\n[LoggerMessage(410, 1)]", "[LoggerMessage(500, 1)]", "ALog.cs has ids of several blocks")]
    [InlineData("[LoggerMessage(300, 1)]", "[LoggerMessage(301, 1)]", "block 3 has several owners")]
    public void A_breach_is_found(string first, string second, string fault) =>
        Assert.Equal(
            [fault],
            Faults([new("component/Darq.Engine/Telemetry/ALog.cs", first), new("component/Darq.Engine/Telemetry/BLog.cs", second)])
        );

    private static IEnumerable<string> Faults(IReadOnlyList<SourceFile> files)
    {
        var all = files.SelectMany(file => Ids(file).Select(id => (file.Name, Id: id))).ToArray();
        return
        [
            .. all.GroupBy(entry => entry.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key} is there twice"),
            .. all.GroupBy(entry => entry.Name)
                .Where(own => own.Select(entry => entry.Id / 100).Distinct().Count() > 1)
                .Select(own => $"{own.Key} has ids of several blocks"),
            .. all.GroupBy(entry => entry.Id / 100)
                .Where(block => block.Select(entry => entry.Name).Distinct().Count() > 1)
                .Select(block => $"block {block.Key} has several owners"),
        ];
    }

    private static IEnumerable<int> Ids(SourceFile file) =>
        Id().Matches(file.Text).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*[=:]\s*)?(\d+)")]
    private static partial Regex Id();
}

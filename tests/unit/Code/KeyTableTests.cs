using System.Text.RegularExpressions;
using Xunit;

namespace Darq.Tests.Unit.Code;

/// <summary>The table of keys in ARCHITECTURE.md is the table of the keys there are.</summary>
public sealed partial class KeyTableTests
{
    [Fact]
    public void Every_documented_key_is_used_and_every_used_one_documented()
    {
        var used = SourceTree
            .Component(".lua")
            .Append(SourceTree.File("component/Darq.Engine/Redis/Keys.cs"))
            .SelectMany(file => Used(file.Text))
            .Distinct()
            .Order();

        Assert.Equal(Documented(SourceTree.File("ARCHITECTURE.md").Text).Order(), used);
    }

    [Fact]
    public void Keys_are_read_from_the_table()
    {
        const string Table = "| `{ns}:ns` | hash |\n| `{ns:p}:t:<topic>` | stream |\n| channel `{ns:p}:w` | |\nReserved: `:q:`\n";

        Assert.Equal(["ns", "t", "w"], Documented(Table));
    }

    [Fact]
    public void Keys_are_read_from_code() =>
        Assert.Equal(
            ["i", "wlh", "c", "ns", "m"],
            Used(
                "part.tag .. ':i:' .. topic, tag .. ':wlh', ':c:(.+)$' $\"{{{name}}}:ns\" tags[1] + \":m\" -- <tag>:x:<topic> 'first:last'"
            )
        );

    private static IEnumerable<string> Documented(string architecture) =>
        Row().Matches(architecture).Select(row => row.Groups[1].Value).Distinct();

    private static IEnumerable<string> Used(string code) => Suffix().Matches(code).Select(suffix => suffix.Groups[1].Value).Distinct();

    [GeneratedRegex(@"^\| (?:channel )?`\{ns(?::p)?\}:([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"(?<=['""}]):([a-z]+)(?=[:'""])")]
    private static partial Regex Suffix();
}

using System.Text.RegularExpressions;
using Xunit;

namespace Darq.Tests.Unit.Code;

/// <summary>The list of decisions in ARCHITECTURE.md is that of the files, and links between documents lead somewhere.</summary>
public sealed partial class DecisionTests
{
    private const string Folder = "docs/decisions/";
    private const int MaxLines = 25;

    private static IEnumerable<SourceFile> Decisions =>
        SourceTree.Files.Where(file => file.Path.StartsWith(Folder, StringComparison.Ordinal));

    [Fact]
    public void Every_decision_is_listed_under_its_number_and_title() =>
        Assert.Equal(
            Decisions.Select(file => Row(file.Lines[0], file.Path)).Order(StringComparer.Ordinal),
            Listed().Matches(SourceTree.File("ARCHITECTURE.md").Text).Select(row => row.Value).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Decisions_are_numbered_without_a_gap() =>
        Assert.Equal(
            Enumerable.Range(1, Decisions.Count()).Select(number => $"{number:0000}"),
            Decisions.Select(file => file.Name[..4]).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void No_decision_is_longer_than_25_lines() =>
        Assert.Empty(Decisions.Where(file => file.Lines.Length > MaxLines).Select(file => file.Path));

    [Fact]
    public void Links_between_documents_lead_to_a_file() =>
        Assert.Empty(
            from document in SourceTree.With(".md")
            from link in Link().Matches(document.Text)
            let target = Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(document.Path)!, link.Groups[1].Value))[1..]
            where !SourceTree.Files.Any(file => file.Path == target || file.Path.StartsWith(target + "/", StringComparison.Ordinal))
            select $"{document.Path}: {link.Groups[1].Value}"
        );

    private static string Row(string heading, string path) =>
        Heading().Replace(heading, match => $"| {match.Groups[1].Value} | [{match.Groups[2].Value}]({path}) |");

    [GeneratedRegex(@"^# (\d+)\. (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| \d+ \| \[.+\]\(docs/decisions/.+\) \|$", RegexOptions.Multiline)]
    private static partial Regex Listed();

    /// <summary>A link to a file of the project, without the place in it.</summary>
    [GeneratedRegex(@"\]\(((?!https?:)[^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();
}

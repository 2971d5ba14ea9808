using System.Text.RegularExpressions;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Code;

/// <summary>Code in a document that names its file is in that file, line by line.</summary>
public sealed partial class SnippetTests
{
    [Fact]
    public void Each_snippet_is_a_part_of_the_file_it_names()
    {
        var snippets = SourceTree.With(".md").SelectMany(document => Find(document.Path, document.Text)).ToArray();

        Assert.NotEmpty(snippets);
        Assert.All(
            snippets,
            snippet => Assert.True(IsIn(snippet.Code, Read(snippet.File)), $"{snippet.Document} has other code than {snippet.File}")
        );
    }

    [Theory]
    [InlineData("a\n  b", "x\n    a\n      b\ny", true)]
    [InlineData("a\nb", "a\nc\nb", false)]
    [InlineData("a\n\nb", "a\n\nb", true)]
    [InlineData("a\nb", "a\n  b", false)]
    public void A_part_may_be_indented_as_a_whole(string code, string file, bool isIn) => Assert.Equal(isIn, IsIn(code, file));

    [Fact]
    public void A_snippet_is_what_stands_behind_its_mark() =>
        Assert.Equal([("a.md", "b.cs", "x\ny")], Find("a.md", "text\n\n<!-- code: b.cs -->\n```csharp\nx\ny\n```\n\n```\nother\n```\n"));

    private static IEnumerable<(string Document, string File, string Code)> Find(string document, string text) =>
        Marked().Matches(text).Select(match => (document, match.Groups["file"].Value, match.Groups["code"].Value));

    private static string Read(string file) => File.ReadAllText(Repository.PathOf(file.Split('/')));

    private static bool IsIn(string code, string file)
    {
        var (lines, all) = (code.Split('\n'), file.Split('\n'));
        return Enumerable.Range(0, Math.Max(0, all.Length - lines.Length + 1)).Any(from => Fits(lines, all.AsSpan(from, lines.Length)));
    }

    private static bool Fits(string[] lines, ReadOnlySpan<string> part)
    {
        var indent = part[0].Length - part[0].TrimStart().Length;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = part[i].Length >= indent ? part[i][indent..] : part[i].TrimStart();
            if (line != lines[i])
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex("<!-- code: (?<file>[^ ]+) -->\n```[a-z]*\n(?<code>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Marked();
}

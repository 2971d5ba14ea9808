using System.Text.RegularExpressions;

namespace Darq.Tests.Unit.Code;

/// <summary>How long files and functions may be. Functions are found by indentation, which the build's style rules hold to.</summary>
internal static partial class SizeRules
{
    public const int MaxFileLines = 400;
    public const int MaxFunctionLines = 70;
    public const int MaxColumns = 140;
    public const int MaxFilesOfType = 2;

    public static IEnumerable<string> LongFiles(IEnumerable<SourceFile> files) =>
        files.Where(file => file.Lines.Length > MaxFileLines).Select(file => $"{file.Path}: {file.Lines.Length} lines");

    /// <summary>Only a literal may be longer, where a break would make it harder to read or to search for.</summary>
    public static IEnumerable<string> LongLines(SourceFile file)
    {
        var inRawLiteral = false;
        for (var i = 0; i < file.Lines.Length; i++)
        {
            var line = file.Lines[i];
            if (line.Length > MaxColumns && !inRawLiteral && !Literal().IsMatch(line))
            {
                yield return $"{file.Path}:{i + 1}: {line.Length} columns";
            }

            inRawLiteral ^= RawQuotes().Count(line) % 2 == 1;
        }
    }

    public static IEnumerable<string> LongFunctions(SourceFile file)
    {
        var lines = file.Lines;
        for (var open = 1; open < lines.Length; open++)
        {
            if (lines[open].Trim() != "{" || DeclaresType(lines, open))
            {
                continue;
            }

            var closing = lines[open].Replace('{', '}');
            var close = Array.FindIndex(lines, open, line => line.StartsWith(closing, StringComparison.Ordinal));
            if (close - open + 2 <= MaxFunctionLines)
            {
                continue;
            }

            yield return $"{file.Path}:{open}: {close - open + 2} lines: {lines[open - 1].Trim()}";
            // What stands in a long function is not reported again.
            open = close;
        }
    }

    /// <summary>Types of one assembly that lie in more files than that: partial files hide a type's size and do not reduce it.</summary>
    public static IEnumerable<string> SpreadTypes(IEnumerable<SourceFile> files) =>
        files
            .SelectMany(file => PartialType().Matches(file.Text).Select(match => (Type: match.Groups[1].Value, file.Path)))
            .GroupBy(part => (Assembly: string.Join('/', part.Path.Split('/').Take(2)), part.Type), part => part.Path)
            .Where(type => type.Distinct().Count() > MaxFilesOfType)
            .Select(type => $"{type.Key.Assembly}: {type.Key.Type} in {type.Distinct().Count()} files");

    private static bool DeclaresType(string[] lines, int open)
    {
        var indentation = lines[open].IndexOf('{', StringComparison.Ordinal);
        // A header may be broken into lines, of which only the first stands as far left as the brace.
        var first = open - 1;
        while (first > 0 && lines[first].Length > indentation && (lines[first][indentation] == ')' || lines[first][indentation] == ' '))
        {
            first--;
        }

        return TypeHeader().IsMatch(lines[first]);
    }

    [GeneratedRegex(@"\b(class|record|struct|interface|enum|namespace) [A-Z]")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"\bpartial (?:class|struct|interface|record(?: class| struct)?) (\w+)")]
    private static partial Regex PartialType();

    /// <summary>A literal that begins its line or takes most of it.</summary>
    [GeneratedRegex(@"^\s*([:?+] |return )?[$@]*""|""([^""\\]|\\.){60,}""|""{3}", RegexOptions.ExplicitCapture)]
    private static partial Regex Literal();

    [GeneratedRegex(@"""{3}")]
    private static partial Regex RawQuotes();
}

using System.Text.RegularExpressions;

namespace Darq.Tests.Unit.Code;

/// <summary>What every file of the function library keeps to, and how its names meet those in C#.</summary>
internal static partial class LuaRules
{
    /// <summary>A header comment, then one block, so that no name leaks into the files after it.</summary>
    public static IEnumerable<string> Shape(SourceFile file)
    {
        var lines = file.Lines;
        if (!lines[0].StartsWith("-- ", StringComparison.Ordinal))
        {
            yield return $"{file.Path}: no header comment";
        }

        var code = lines.SkipWhile(line => line.StartsWith("--", StringComparison.Ordinal)).ToArray();
        var isBlock =
            code.Length > 1
            && code[0] == "do"
            && code[^1] == "end"
            && code[1..^1].All(line => line.Length == 0 || line.StartsWith("  ", StringComparison.Ordinal));
        if (!isBlock)
        {
            yield return $"{file.Path}: not one do … end block";
        }
    }

    public static IEnumerable<string> Missing(string library, IEnumerable<SourceFile> files) =>
        files.Where(file => !library.Contains(file.Text, StringComparison.Ordinal)).Select(file => file.Path);

    public static IEnumerable<string> Registered(string lua) => Register().Matches(lua).Select(match => match.Groups[1].Value);

    public static IEnumerable<string> Requests(string lua) => Request().Matches(lua).Select(match => match.Groups[1].Value);

    /// <summary>The functions that C# calls: all literals inside <c>FunctionLibrary.Function(…)</c>.</summary>
    public static IEnumerable<string> Called(IEnumerable<SourceFile> code) =>
        code.SelectMany(file => Call().Matches(file.Text))
            .SelectMany(call => Literal().Matches(call.Value))
            .Select(literal => literal.Groups[1].Value)
            .Distinct();

    /// <summary>The kinds of request that C# sends: what their classes hand to the base class.</summary>
    public static IEnumerable<string> Sent(IEnumerable<SourceFile> code) =>
        code.SelectMany(file => Send().Matches(file.Text)).Select(match => match.Groups[1].Value).Distinct();

    public static int Number(string lua, string pattern) =>
        int.Parse(Regex.Match(lua, pattern).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*register\('(\w+)'", RegexOptions.Multiline)]
    private static partial Regex Register();

    [GeneratedRegex(@"function requests\.(\w+)")]
    private static partial Regex Request();

    [GeneratedRegex(@"FunctionLibrary\.Function\([^)]*\)")]
    private static partial Regex Call();

    [GeneratedRegex("\"(\\w+)\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@": \w+Request(?:<[\w\[\]]+>)?\(""(\w+)""")]
    private static partial Regex Send();
}

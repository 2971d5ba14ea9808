using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Darq.Testing.Lua;

/// <summary>
/// Redis runs Lua 5.1, whose numbers are all floats and show as whole numbers where they are whole. This rewrites source so that Lua 5.4
/// gives it that meaning: each literal number is a float, and each concatenation passes the value that lua51.lua returns, which
/// writes numbers as 5.1 does. What 5.4 alone can read is refused. Lines stay where they are. What functions do differently is in
/// lua51.lua.
/// </summary>
internal static partial class Lua51Source
{
    private static readonly ConcurrentDictionary<string, byte[]> Rewritten = new();

    /// <summary>A library whose first line is for Redis. Its chunk takes what lua51.lua returned.</summary>
    public static byte[] Library(string code) =>
        // Each start of a simulated server loads the same few libraries.
        Rewritten.GetOrAdd(code, static code => Encoding.Latin1.GetBytes("local joint__ = ... --" + Rewrite(code)));

    internal static string Rewrite(string code) => Token().Replace(code, static token => Meaning(token.Value));

    private static string Meaning(string token) =>
        token switch
        {
            ".." => ".. joint__ ..",
            ['0', 'x' or 'X', ..] => ulong.Parse(token.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) + ".0",
            [>= '0' and <= '9', ..] when token.All(char.IsAsciiDigit) => token + ".0",
            "//" or "&" or "|" or "~" or "<<" or ">>" or "::" or "goto" => throw new NotSupportedException(
                $"'{token}' is not in Lua 5.1, which Redis runs"
            ),
            _ => token,
        };

    [GeneratedRegex(
        """
            --\[(?<level>=*)\[[\s\S]*?\]\k<level>\] | --[^\n]*
            | \[(?<depth>=*)\[[\s\S]*?\]\k<depth>\]
            | "(?:\\[\s\S]|[^"\\])*" | '(?:\\[\s\S]|[^'\\])*'
            | [A-Za-z_]\w*
            | 0[xX][0-9a-fA-F]+ | (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?
            | \.\.\.? | ~= | // | << | >> | :: | [&|~]
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 10_000
    )]
    private static partial Regex Token();
}

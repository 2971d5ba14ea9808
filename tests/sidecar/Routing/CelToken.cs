using System.Globalization;
using System.Text;

namespace Darq.Sidecar.Routing;

internal enum CelKind
{
    Name,
    Text,
    Number,
    Symbol,
    End,
}

/// <summary>
/// A token of a rule's expression: its kind, its text (a string's without quotes and escapes) and, for numbers, its value.
/// </summary>
internal readonly record struct CelToken(CelKind Kind, string Text, double Number = 0)
{
    private static readonly string[] Symbols =
    [
        "==",
        "!=",
        "<=",
        ">=",
        "&&",
        "||",
        "<",
        ">",
        "!",
        "(",
        ")",
        "[",
        "]",
        ".",
        ",",
        "-",
        "+",
        "*",
        "/",
        "%",
        "?",
        ":",
    ];

    public static List<CelToken> Split(string source)
    {
        var tokens = new List<CelToken>();
        for (var at = 0; at < source.Length;)
        {
            var c = source[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (char.IsAsciiLetter(c) || c == '_')
            {
                tokens.Add(new(CelKind.Name, While(source, ref at, static x => char.IsAsciiLetterOrDigit(x) || x == '_')));
            }
            else if (char.IsAsciiDigit(c))
            {
                tokens.Add(Numeral(source, ref at));
            }
            else if (c is '"' or '\'')
            {
                tokens.Add(new(CelKind.Text, Quoted(source, ref at)));
            }
            else
            {
                tokens.Add(new(CelKind.Symbol, Symbol(source, ref at)));
            }
        }
        tokens.Add(new(CelKind.End, "<end>"));
        return tokens;
    }

    private static string While(string source, ref int at, Func<char, bool> belongs)
    {
        var start = at;
        while (at < source.Length && belongs(source[at]))
        {
            at++;
        }

        return source[start..at];
    }

    private static CelToken Numeral(string source, ref int at)
    {
        var text = While(source, ref at, static x => char.IsAsciiDigit(x) || x == '.');
        if (at < source.Length && source[at] == 'u')
        {
            at++;
        }

        return double.TryParse(text, CultureInfo.InvariantCulture, out var value)
            ? new(CelKind.Number, text, value)
            : throw new CelException($"'{text}' is not a number");
    }

    private static string Quoted(string source, ref int at)
    {
        var quote = source[at];
        var text = new StringBuilder();
        for (at++; at < source.Length; at++)
        {
            if (source[at] == quote)
            {
                at++;
                return text.ToString();
            }
            if (source[at] == '\\' && ++at < source.Length)
            {
                text.Append(
                    source[at] switch
                    {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        var other => other,
                    }
                );
            }
            else if (at < source.Length)
            {
                text.Append(source[at]);
            }
        }
        throw new CelException("a string is not closed");
    }

    private static string Symbol(string source, ref int at)
    {
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(source, at, symbol, 0, symbol.Length) != 0)
            {
                continue;
            }

            at += symbol.Length;
            return symbol;
        }
        throw new CelException($"'{source[at]}' is not understood");
    }
}

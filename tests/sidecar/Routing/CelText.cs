using System.Globalization;
using System.Text;

namespace Darq.Sidecar.Routing;

/// <summary>
/// String and bytes literals: in single, double or tripled quotes, after <c>r</c> without escapes, after <c>b</c> as bytes.
/// </summary>
internal static class CelText
{
    private static readonly string[] Quotes = ["\"\"\"", "'''", "\"", "'"];

    /// <summary>Reads the literal that begins there; false if none does. The value is a string, or a byte array.</summary>
    public static bool TryRead(string source, ref int at, out object? value)
    {
        value = null;
        var (start, raw, bytes) = (at, false, false);
        while (start < source.Length && source[start] is 'r' or 'R' or 'b' or 'B')
        {
            if (source[start] is 'r' or 'R' ? raw : bytes)
            {
                return false;
            }

            (raw, bytes) = source[start] is 'r' or 'R' ? (true, bytes) : (raw, true);
            start++;
        }

        if (Array.Find(Quotes, quote => string.CompareOrdinal(source, start, quote, 0, quote.Length) == 0) is not { } opening)
        {
            return false;
        }

        at = start + opening.Length;
        var text = Read(source, ref at, opening, raw, bytes);
        value = bytes ? Encoding.Latin1.GetBytes(text) : text;
        return true;
    }

    // The text of bytes has one character for each byte.
    private static string Read(string source, ref int at, string quote, bool raw, bool bytes)
    {
        var text = new StringBuilder();
        while (at < source.Length && (quote.Length > 1 || source[at] is not ('\n' or '\r')))
        {
            if (string.CompareOrdinal(source, at, quote, 0, quote.Length) == 0)
            {
                at += quote.Length;
                return text.ToString();
            }

            if (source[at] == '\\' && !raw)
            {
                at++;
                text.Append(Escape(source, ref at, bytes));
            }
            else
            {
                var length = char.IsSurrogatePair(source, at) ? 2 : 1;
                text.Append(Plain(source.Substring(at, length), bytes));
                at += length;
            }
        }

        throw new CelException($"ERROR: <input>:1:{at + 1}: Syntax error: a string is not closed");
    }

    private static string Escape(string source, ref int at, bool bytes)
    {
        var c = at < source.Length ? source[at++] : '\0';
        var known = "abfnrtv\\?\"'`".IndexOf(c, StringComparison.Ordinal);
        return c switch
        {
            'x' or 'X' => Coded(source, ref at, 2, 16, bytes),
            'u' => Coded(source, ref at, 4, 16, bytes),
            'U' => Coded(source, ref at, 8, 16, bytes),
            >= '0' and <= '3' => Octal(source, ref at, bytes),
            _ when known >= 0 => "\a\b\f\n\r\t\v\\?\"'`"[known].ToString(),
            _ => throw Unknown(at),
        };
    }

    private static string Octal(string source, ref int at, bool bytes)
    {
        at--;
        return Coded(source, ref at, 3, 8, bytes);
    }

    private static string Coded(string source, ref int at, int digits, int radix, bool bytes)
    {
        var code = 0;
        for (var i = 0; i < digits; i++, at++)
        {
            var digit =
                at < source.Length && char.IsAsciiHexDigit(source[at])
                    ? int.Parse(source.AsSpan(at, 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                    : radix;
            if (digit >= radix)
            {
                throw Unknown(at);
            }

            code = unchecked((code * radix) + digit);
        }

        if (bytes && digits < 4)
        {
            return ((char)code).ToString();
        }

        return Rune.IsValid(code) ? Plain(new Rune(code).ToString(), bytes) : throw Unknown(at);
    }

    private static string Plain(string text, bool bytes) => bytes ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)) : text;

    private static CelException Unknown(int at) => new($"ERROR: <input>:1:{at + 1}: Syntax error: an escape in a string is unknown");
}

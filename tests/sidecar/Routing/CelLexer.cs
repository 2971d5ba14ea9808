using System.Globalization;

namespace Darq.Sidecar.Routing;

/// <summary>Cuts an expression into tokens; comments and white space go.</summary>
internal sealed class CelLexer
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
        "{",
        "}",
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

    private readonly string _source;
    private readonly List<CelToken> _tokens = [];
    private int _at;

    private CelLexer(string source) => _source = source;

    public static List<CelToken> Split(string source)
    {
        var lexer = new CelLexer(source);
        while (lexer.SkipBlanks())
        {
            lexer._tokens.Add(lexer.Next());
        }

        lexer._tokens.Add(new(CelKind.End, "<EOF>", source.Length + 1));
        return lexer._tokens;
    }

    private bool SkipBlanks()
    {
        while (_at < _source.Length)
        {
            if (Follows("//"))
            {
                var end = _source.IndexOf('\n', _at);
                _at = end < 0 ? _source.Length : end;
            }
            else if (char.IsWhiteSpace(_source[_at]))
            {
                _at++;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private CelToken Next()
    {
        var (start, column) = (_at, _at + 1);
        if (CelText.TryRead(_source, ref _at, out var value))
        {
            return new(CelKind.Literal, _source[start.._at], column, value);
        }

        if (char.IsAsciiLetter(_source[_at]) || _source[_at] == '_')
        {
            Skip(static c => char.IsAsciiLetterOrDigit(c) || c == '_');
            return new(CelKind.Name, _source[start.._at], column);
        }

        if (char.IsAsciiDigit(_source[_at]) || (_source[_at] == '.' && char.IsAsciiDigit(At(1))))
        {
            var number = Number();
            return new(CelKind.Literal, _source[start.._at], column, number);
        }

        var symbol =
            Array.Find(Symbols, Follows)
            ?? throw new CelException($"ERROR: <input>:1:{column}: Syntax error: token recognition error at: '{_source[_at]}'");
        _at += symbol.Length;
        return new(CelKind.Symbol, symbol, column);
    }

    private object Number()
    {
        var start = _at;
        if (Follows("0x"))
        {
            _at += 2;
            Skip(char.IsAsciiHexDigit);
            return Whole(_source[(start + 2).._at], NumberStyles.AllowHexSpecifier);
        }

        Skip(char.IsAsciiDigit);
        var isWhole = true;
        if (At(0) == '.' && char.IsAsciiDigit(At(1)))
        {
            isWhole = false;
            _at++;
            Skip(char.IsAsciiDigit);
        }

        if (At(0) is 'e' or 'E' && (char.IsAsciiDigit(At(1)) || (At(1) is '+' or '-' && char.IsAsciiDigit(At(2)))))
        {
            isWhole = false;
            _at += 2;
            Skip(char.IsAsciiDigit);
        }

        return isWhole ? Whole(_source[start.._at], NumberStyles.None) : double.Parse(_source[start.._at], CultureInfo.InvariantCulture);
    }

    private object Whole(string digits, NumberStyles style)
    {
        if (At(0) is 'u' or 'U')
        {
            _at++;
            return ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var unsigned)
                ? unsigned
                : throw new CelException("invalid uint literal");
        }

        return long.TryParse(digits, style, CultureInfo.InvariantCulture, out var signed) && signed >= 0
            ? signed
            : throw new CelException("invalid int literal");
    }

    private bool Follows(string text) => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    private char At(int offset) => _at + offset < _source.Length ? _source[_at + offset] : '\0';

    private void Skip(Func<char, bool> belongs)
    {
        while (_at < _source.Length && belongs(_source[_at]))
        {
            _at++;
        }
    }
}

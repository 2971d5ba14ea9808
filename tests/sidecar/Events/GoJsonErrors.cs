using System.Globalization;
using System.Text;

namespace Darq.Sidecar.Events;

/// <summary>Says why a text is no JSON, in the words of Go's scanner. Runs only after the fast parser has refused the text.</summary>
internal static class GoJsonErrors
{
    public static string Describe(ReadOnlySpan<byte> text, bool decoder)
    {
        var scan = new Scan(text);
        scan.Blank();
        if (scan.AtEnd)
        {
            return decoder ? "EOF" : "unexpected end of JSON input";
        }

        var complaint = scan.Value();
        if (complaint is null && !decoder)
        {
            scan.Blank();
            complaint = scan.AtEnd ? "" : scan.Unexpected("after top-level value");
        }
        return complaint is not (null or "") ? complaint
            : decoder ? "unexpected EOF"
            : "unexpected end of JSON input";
    }

    private ref struct Scan(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _at = 0;

        public readonly bool AtEnd => _at >= _text.Length;

        public void Blank()
        {
            while (!AtEnd && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                _at++;
            }
        }

        public readonly string Unexpected(string context) => $"invalid character {Character(_text[_at])} {context}";

        /// <summary>Null when a value was read, an empty text at a premature end, else the complaint.</summary>
        public string? Value()
        {
            Blank();
            if (AtEnd)
            {
                return "";
            }

            return _text[_at] switch
            {
                (byte)'{' => Container((byte)'}', members: true),
                (byte)'[' => Container((byte)']', members: false),
                (byte)'"' => String(),
                (byte)'t' => Literal("true"),
                (byte)'f' => Literal("false"),
                (byte)'n' => Literal("null"),
                (byte)'-' or (>= (byte)'0' and <= (byte)'9') => Number(),
                _ => Unexpected("looking for beginning of value"),
            };
        }

        private string? Container(byte close, bool members)
        {
            _at++;
            for (var first = true; ; first = false)
            {
                Blank();
                if (AtEnd)
                {
                    return "";
                }

                if (first && _text[_at] == close)
                {
                    break;
                }

                if ((members ? Member() : Value()) is { } complaint)
                {
                    return complaint;
                }

                Blank();
                if (AtEnd)
                {
                    return "";
                }

                if (_text[_at] == close)
                {
                    break;
                }

                if (_text[_at] != ',')
                {
                    return Unexpected(members ? "after object key:value pair" : "after array element");
                }

                _at++;
            }
            _at++;
            return null;
        }

        private string? Member()
        {
            if (_text[_at] != '"')
            {
                return Unexpected("looking for beginning of object key string");
            }

            if (String() is { } complaint)
            {
                return complaint;
            }

            Blank();
            if (AtEnd)
            {
                return "";
            }

            if (_text[_at] != ':')
            {
                return Unexpected("after object key");
            }

            _at++;
            return Value();
        }

        private string? String()
        {
            for (_at++; !AtEnd; _at++)
            {
                if (_text[_at] == '"')
                {
                    _at++;
                    return null;
                }
                if (_text[_at] < 0x20)
                {
                    return Unexpected("in string literal");
                }

                if (_text[_at] == '\\' && Escape() is { } complaint)
                {
                    return complaint;
                }
            }
            return "";
        }

        private string? Escape()
        {
            _at++;
            if (AtEnd)
            {
                return "";
            }

            if (!"\"\\/bfnrtu"u8.Contains(_text[_at]))
            {
                return Unexpected("in string escape code");
            }

            if (_text[_at] != 'u')
            {
                return null;
            }

            for (var i = 0; i < 4; i++)
            {
                _at++;
                if (AtEnd)
                {
                    return "";
                }

                if (!char.IsAsciiHexDigit((char)_text[_at]))
                {
                    return Unexpected("in \\u hexadecimal character escape");
                }
            }
            return null;
        }

        private string? Literal(string word)
        {
            for (var i = 1; i < word.Length; i++)
            {
                _at++;
                if (AtEnd)
                {
                    return "";
                }

                if (_text[_at] != word[i])
                {
                    return Unexpected($"in literal {word} (expecting '{word[i]}')");
                }
            }
            _at++;
            return null;
        }

        private string? Number()
        {
            if (_text[_at] == '-')
            {
                _at++;
            }
            // A leading zero stands alone: whatever digit follows it is already outside of the number.
            if (!AtEnd && _text[_at] == '0')
            {
                _at++;
            }
            else if (Digits("in numeric literal") is { } whole)
            {
                return whole;
            }

            if (!AtEnd && _text[_at] == '.')
            {
                _at++;
                if (Digits("after decimal point in numeric literal") is { } fraction)
                {
                    return fraction;
                }
            }
            if (!AtEnd && _text[_at] is (byte)'e' or (byte)'E')
            {
                _at++;
                if (!AtEnd && _text[_at] is (byte)'+' or (byte)'-')
                {
                    _at++;
                }

                return Digits("in exponent of numeric literal");
            }
            return null;
        }

        private string? Digits(string context)
        {
            if (AtEnd)
            {
                return "";
            }

            if (!char.IsAsciiDigit((char)_text[_at]))
            {
                return Unexpected(context);
            }

            while (!AtEnd && char.IsAsciiDigit((char)_text[_at]))
            {
                _at++;
            }

            return null;
        }
    }

    private static string Character(byte c) =>
        c switch
        {
            (byte)'\'' => "'\\''",
            (byte)'"' => "'\"'",
            (byte)'\\' => "'\\\\'",
            (byte)'\n' => "'\\n'",
            (byte)'\r' => "'\\r'",
            (byte)'\t' => "'\\t'",
            < 0x20 or 0x7f => $"'\\x{c.ToString("x2", CultureInfo.InvariantCulture)}'",
            _ => $"'{Encoding.Latin1.GetString([c])}'",
        };
}

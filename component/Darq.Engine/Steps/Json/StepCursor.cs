using System.Globalization;
using System.Text;
using System.Text.Json;
using Darq.Engine.Core;

namespace Darq.Engine.Steps.Json;

/// <summary>
/// Reads the JSON of a step in place: values stay slices of its bytes, and a fault names its path, such as
/// <c>state[1].key</c>. A step has no deeper levels; the cursor skips an app's own values whole.
/// </summary>
internal ref struct StepCursor
{
    /// <summary>How deep apps may nest their own values.</summary>
    public const int MaxDepth = 1000;

    // Fields for which null is a value.
    private static readonly string[] TakesNull = ["value", "data", "etag"];

    // Fields of a later version: refused as such, and not offered to one who misspelt another.
    private static readonly string[] NotYet = ["timers", "delay", "deliverAt"];

    private readonly ReadOnlyMemory<byte> _text;
    private readonly string _root;
    private Utf8JsonReader _json;
    private string _field = "";
    private string _list = "";
    private int _index = -1;

    /// <param name="text">The bytes to read.</param>
    /// <param name="root">The name of the whole in faults.</param>
    public StepCursor(ReadOnlyMemory<byte> text, string root)
    {
        (_text, _root) = (text, root);
        _json = new Utf8JsonReader(text.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    public readonly JsonTokenType Token => _json.TokenType;

    /// <summary>Goes to the first or next value.</summary>
    public bool Read() => _json.Read();

    /// <summary>
    /// Goes to the value of the next field of an object and returns its name, one of those known; null at the end of the
    /// object. Many libraries write null for a field that was never set, so it counts as left out.
    /// </summary>
    public string? NextField(string[] known, ref int seen)
    {
        while (_json.Read() && _json.TokenType != JsonTokenType.EndObject)
        {
            _field = Known(known, ref seen);
            _json.Read();
            if (_json.TokenType != JsonTokenType.Null || TakesNull.Contains(_field))
            {
                return _field;
            }
        }
        _field = "";
        return null;
    }

    /// <summary>Begins a list; faults inside it carry its name.</summary>
    public void EnterList(string name, string form)
    {
        _field = "";
        _list = name;
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Fault(form);
        }
    }

    /// <summary>Goes to the next element of the list; false at its end.</summary>
    public bool NextElement()
    {
        _json.Read();
        (_field, _index) = ("", _index + 1);
        if (_json.TokenType != JsonTokenType.EndArray)
        {
            return true;
        }

        (_list, _index) = ("", -1);
        return false;
    }

    public readonly string Text(string form) => _json.TokenType == JsonTokenType.String ? _json.GetString()! : throw Fault(form);

    /// <summary>A string, or "" where it is null.</summary>
    public readonly string TextOrNull(string form) => _json.TokenType == JsonTokenType.Null ? "" : Text(form);

    public readonly bool Flag() =>
        _json.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            _ => throw Fault("true or false"),
        };

    public readonly int Number(string form) =>
        _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out var number) ? number : throw Fault(form);

    /// <summary>The whole value as its own JSON, where it stands; checked to be well-formed text.</summary>
    public ReadOnlyMemory<byte> Raw()
    {
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        var value = _text[start..(int)_json.BytesConsumed];
        CheckText(value.Span);
        return value;
    }

    private string Known(string[] known, ref int seen)
    {
        for (var i = 0; i < known.Length; i++)
        {
            if (!_json.ValueTextEquals(known[i]))
            {
                continue;
            }

            _field = known[i];
            if ((seen & 1 << i) != 0)
            {
                throw Limits.Unfit(Path, "a field that is given twice", "each field once");
            }

            seen |= 1 << i;
            return _field;
        }
        _field = _json.GetString()!;
        throw Limits.Unfit(Path, "an unknown field", string.Join(", ", known.Except(NotYet)));
    }

    /// <summary>The error for the value at the cursor.</summary>
    public readonly DarqException Fault(string form)
    {
        var text = Limits.Printable(Encoding.UTF8.GetString(_json.ValueSpan));
        var seen = _json.TokenType switch
        {
            JsonTokenType.StartArray => "an array",
            JsonTokenType.StartObject => "an object",
            JsonTokenType.String => $"the string '{text}'",
            JsonTokenType.Number => $"the number {text}",
            _ => text,
        };
        return Limits.Unfit(Path, seen, form);
    }

    /// <summary>The error for a text that is no JSON; the reader's own words are about its options and paths.</summary>
    public static DarqException NotJson(string name, JsonException fault, string form) =>
        Limits.Unfit(
            name,
            string.Create(
                CultureInfo.InvariantCulture,
                $"not JSON (line {(fault.LineNumber ?? 0) + 1}, byte {(fault.BytePositionInLine ?? 0) + 1})"
            ),
            form
        );

    /// <summary>The error for a field that the object at the cursor, which is read to its end, does not have.</summary>
    public readonly DarqException Missing(string field, string form) => Limits.Missing($"{Path}.{field}", form);

    /// <summary>The path of the value at the cursor.</summary>
    public readonly string Path
    {
        get
        {
            var element = _index < 0 ? _list : $"{_list}[{_index}]";
            return element.Length == 0 ? (_field.Length == 0 ? _root : _field)
                : _field.Length == 0 ? element
                : $"{element}.{_field}";
        }
    }

    /// <summary>Half a surrogate pair can only be written as an escape, so a text without escapes needs no second look.</summary>
    private static void CheckText(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\u"u8) < 0)
        {
            return;
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                reader.GetString();
            }
        }
    }
}

using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Darq.Sidecar.Events;

/// <summary>
/// How numbers are written back: as they came, or through a 64-bit float as Go's <c>encoding/json</c> does with untyped values.
/// </summary>
internal enum GoNumbers
{
    Kept,
    Floats,
}

/// <summary>
/// JSON as Go reads and writes it: keys sorted, <c>&lt; &gt; &amp;</c> escaped, the last of duplicate keys wins, and errors in Go's words.
/// The recordings compare all of this byte by byte.
/// </summary>
internal static class GoJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 1000 };
    private static readonly SearchValues<byte> Special = SearchValues.Create("\\<>&\u2028"u8);

    /// <summary>Parses as <c>json.Unmarshal</c> would, or as a <c>json.Decoder</c>, whose complaint about a short text differs.</summary>
    public static JsonDocument Parse(ReadOnlyMemory<byte> text, bool decoder = false)
    {
        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException)
        {
            throw new GoJsonException(GoJsonErrors.Describe(text.Span, decoder));
        }
    }

    public static byte[] Write(JsonElement value, GoNumbers numbers)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Write(output, value, numbers);
        return output.WrittenSpan.ToArray();
    }

    public static void Write(IBufferWriter<byte> output, JsonElement value, GoNumbers numbers)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value, numbers);
                break;
            case JsonValueKind.Array:
                output.Write("["u8);
                var first = true;
                foreach (var item in value.EnumerateArray())
                {
                    Separate(output, ref first);
                    Write(output, item, numbers);
                }
                output.Write("]"u8);
                break;
            case JsonValueKind.String:
                WriteString(output, value);
                break;
            case JsonValueKind.Number when numbers == GoNumbers.Floats:
                output.Write(Encoding.ASCII.GetBytes(GoNumber.Format(value)));
                break;
            default:
                output.Write(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    public static void WriteString(IBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        GoText.Escape(output, text);
        output.Write("\""u8);
    }

    public static string Quote(string text)
    {
        var output = new ArrayBufferWriter<byte>(text.Length + 16);
        WriteString(output, text);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>A string map, its keys sorted; null gives <c>null</c>, as a nil map does in Go.</summary>
    public static string Map(IEnumerable<KeyValuePair<string, string>>? map) =>
        map is null
            ? "null"
            : "{"
                + string.Join(
                    ",",
                    map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Quote(pair.Key) + ":" + Quote(pair.Value))
                )
                + "}";

    /// <summary>JSON inside JSON (Go's RawMessage): its order and numbers stay, blanks go, and what Go escapes is escaped.</summary>
    public static void WriteCompact(IBufferWriter<byte> output, ReadOnlyMemory<byte> text)
    {
        using var checkedOnly = Parse(text);
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text.Span[i];
            if (c == '"')
            {
                quoted = !quoted;
            }

            if (quoted && c == '\\')
            {
                output.Write(text.Span.Slice(i++, 2));
            }
            else if (c is (byte)'<' or (byte)'>' or (byte)'&')
            {
                output.Write(Encoding.ASCII.GetBytes($"\\u00{c:x2}"));
            }
            else if (quoted || c is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                output.Write([c]);
            }
        }
    }

    private static void WriteObject(IBufferWriter<byte> output, JsonElement value, GoNumbers numbers)
    {
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }

        output.Write("{"u8);
        var first = true;
        foreach (var (name, member) in members)
        {
            Separate(output, ref first);
            WriteString(output, name);
            output.Write(":"u8);
            Write(output, member, numbers);
        }
        output.Write("}"u8);
    }

    private static void WriteString(IBufferWriter<byte> output, JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        // Most strings need no change at all: nothing escaped, nothing that Go escapes (0xE2 starts U+2028).
        if (!raw.ContainsAny(Special))
        {
            output.Write(raw);
        }
        else
        {
            WriteString(output, GoText.Unescape(raw[1..^1]));
        }
    }

    private static void Separate(IBufferWriter<byte> output, ref bool first)
    {
        if (!first)
        {
            output.Write(","u8);
        }

        first = false;
    }
}

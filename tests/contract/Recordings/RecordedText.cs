using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Bodies and bytes in the form in which the recordings have them.</summary>
internal static class RecordedText
{
    /// <summary>The text of a scripted body: a string as it is, a repeated one, or JSON; null stays null.</summary>
    public static string? OfBody(JsonNode? body) =>
        body switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            JsonObject repeated when repeated.ContainsKey("repeat") => Repeat(repeated),
            _ => OfJson(body),
        };

    public static string Repeat(JsonObject repeated)
    {
        var (text, count) = ((string)repeated["text"]!, (int)repeated["repeat"]!);
        return new StringBuilder(text.Length * count).Insert(0, text, count).ToString();
    }

    /// <summary>UTF-8 as text; each byte that is none as a backslash, an x and two digits.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            var valid = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (valid)
            {
                text.Append(rune);
            }
            else
            {
                foreach (var each in bytes[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{each:x2}");
                }
            }

            bytes = bytes[length..];
        }
        return text.ToString();
    }

    // The recordings write JSON bodies with a blank after each comma and colon, and with ASCII only.
    private static string OfJson(JsonNode? node) =>
        node switch
        {
            null => "null",
            JsonObject members => $"{{{string.Join(", ", members.Select(member => $"{Quote(member.Key)}: {OfJson(member.Value)}"))}}}",
            JsonArray items => $"[{string.Join(", ", items.Select(OfJson))}]",
            JsonValue value when value.TryGetValue<string>(out var text) => Quote(text),
            _ => node.ToJsonString(),
        };

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(
                c switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    < ' ' or > '~' => $"\\u{(int)c:x4}",
                    _ => c.ToString(),
                }
            );
        }

        return quoted.Append('"').ToString();
    }
}

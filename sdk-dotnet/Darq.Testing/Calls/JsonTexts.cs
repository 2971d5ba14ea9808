using System.Text.Json;

namespace Darq.Testing.Calls;

/// <summary>Reads texts from what the component will read and judge itself: what has another form has none.</summary>
internal static class JsonTexts
{
    /// <summary>Of a JSON list.</summary>
    public static IReadOnlyList<string> ListOf(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Texts(document.RootElement);
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>Of a member of a JSON object.</summary>
    public static IReadOnlyList<string> ListOf(ReadOnlyMemory<byte> json, string member) => Member(json, member, Texts) ?? [];

    /// <summary>A text that is a member of a JSON object; empty where there is none.</summary>
    public static string TextOf(ReadOnlyMemory<byte> json, string member) =>
        Member(json, member, value => value.ValueKind == JsonValueKind.String ? value.GetString() : null) ?? "";

    private static T? Member<T>(ReadOnlyMemory<byte> json, string member, Func<JsonElement, T?> read)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(member, out var value)
                ? read(value)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string[] Texts(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [];
}

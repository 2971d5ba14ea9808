using System.Text.Json;

namespace Darq.Sidecar.Apps;

/// <summary>Reads members of an app's answers in any case, as Go does; what is absent, or of another kind, is empty.</summary>
internal static class LenientJson
{
    /// <summary>The last member of that name; undefined where there is none.</summary>
    public static JsonElement Member(this JsonElement item, string name)
    {
        var found = default(JsonElement);
        foreach (var member in item.ValueKind == JsonValueKind.Object ? item.EnumerateObject() : default)
        {
            found = member.Name.Equals(name, StringComparison.OrdinalIgnoreCase) ? member.Value : found;
        }

        return found;
    }

    public static string TextOf(this JsonElement item, string name) =>
        item.Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

    public static int NumberOf(this JsonElement item, string name) =>
        item.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : 0;

    public static IEnumerable<JsonElement> Items(this JsonElement item) =>
        item.ValueKind == JsonValueKind.Array ? item.EnumerateArray() : [];
}

using System.Text.Json;

namespace Darq.Sidecar.Events;

/// <summary>Reads members of request bodies as Go's decoder fills structs: names without regard to case, absent means empty.</summary>
internal static class JsonFields
{
    public static JsonElement? Field(this JsonElement owner, string name)
    {
        if (owner.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (owner.TryGetProperty(name, out var exact))
        {
            return exact.ValueKind == JsonValueKind.Null ? null : exact;
        }

        foreach (var member in owner.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && member.Value.ValueKind != JsonValueKind.Null)
            {
                return member.Value;
            }
        }

        return null;
    }

    public static string Text(this JsonElement owner, string name) => owner.OptionalText(name) ?? "";

    public static string? OptionalText(this JsonElement owner, string name) =>
        owner.Field(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { } other => throw new GoJsonException(GoTypes.CannotUnmarshalField(other, name, "string")),
        };

    /// <summary>A map of strings; <paramref name="path"/> is what Go's complaint calls it.</summary>
    public static Dictionary<string, string> Map(this JsonElement owner, string name, string? path = null)
    {
        var map = new Dictionary<string, string>();
        if (owner.Field(name) is not { } value)
        {
            return map;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new GoJsonException(GoTypes.CannotUnmarshalField(value, path ?? name, "map[string]string"));
        }

        foreach (var member in value.EnumerateObject())
        {
            map[member.Name] = member.Value.ValueKind switch
            {
                JsonValueKind.String => member.Value.GetString()!,
                JsonValueKind.Null => "",
                _ => throw new GoJsonException(GoTypes.CannotUnmarshalField(member.Value, path ?? name, "string")),
            };
        }

        return map;
    }

    public static IEnumerable<JsonElement> Items(this JsonElement owner, string name) =>
        owner.Field(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
            { } other => throw new GoJsonException(GoTypes.CannotUnmarshalField(other, name, "[]interface {}")),
        };
}

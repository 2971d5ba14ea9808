using System.Text.Json;

namespace Darq.Sidecar.Events;

/// <summary>Go's complaint about JSON of the wrong kind, and Go's way of printing an untyped value with <c>%v</c>.</summary>
internal static class GoTypes
{
    public static string CannotUnmarshal(JsonElement value, string goType) =>
        $"json: cannot unmarshal {Kind(value)} into Go value of type {goType}";

    public static string CannotUnmarshalField(JsonElement value, string field, string goType) =>
        $"json: cannot unmarshal {Kind(value)} into Go struct field {field} of type {goType}";

    public static string Print(JsonElement root, string member) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(member, out var value) ? Print(value) : "<nil>";

    public static string Print(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Null => "<nil>",
            JsonValueKind.Number => GoNumber.Format(value),
            JsonValueKind.Array => $"[{string.Join(' ', value.EnumerateArray().Select(Print))}]",
            JsonValueKind.Object => $"map[{string.Join(' ', Members(value))}]",
            _ => value.GetRawText(),
        };

    private static IEnumerable<string> Members(JsonElement value) =>
        value
            .EnumerateObject()
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => $"{member.Name}:{Print(member.Value)}");

    private static string Kind(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Number => "number",
            JsonValueKind.String => "string",
            JsonValueKind.Array => "array",
            _ => "object",
        };
}

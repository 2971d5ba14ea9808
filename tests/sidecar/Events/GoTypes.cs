using System.Text.Json;

namespace Darq.Sidecar.Events;

/// <summary>Go's complaint about JSON of the wrong kind, and Go's way of printing an untyped value with <c>%v</c>.</summary>
internal static class GoTypes
{
    public static string CannotUnmarshal(JsonElement value, string goType) =>
        $"json: cannot unmarshal {Kind(value)} into Go value of type {goType}";

    public static string CannotUnmarshalField(JsonElement value, string field, string goType) =>
        $"json: cannot unmarshal {Kind(value)} into Go struct field {field} of type {goType}";

    public static string Print(JsonElement root, string member)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(member, out var value))
        {
            return "<nil>";
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Null => "<nil>",
            _ => value.GetRawText(),
        };
    }

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

using System.Text.Json;
using System.Text.RegularExpressions;

namespace Darq.Tests.Shared;

/// <summary>
/// Validates JSON against a schema file of the repository: the part of draft 2020-12 that our schemas use. A keyword that
/// it does not know is an error, so that no schema says more than is tested.
/// </summary>
internal sealed class Schema
{
    private static readonly HashSet<string> Annotations = ["$schema", "$id", "$defs", "title", "description", "then", "else"];

    private readonly JsonElement _root;

    private Schema(JsonElement root) => _root = root;

    public static Schema Read(params string[] path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.PathOf(path)));
        return new(document.RootElement.Clone());
    }

    /// <summary>Whether the text is JSON that the schema accepts.</summary>
    public bool Accepts(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Accepts(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public bool Accepts(JsonElement value) => Holds(_root, value);

    private bool Holds(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False) return schema.ValueKind == JsonValueKind.True;
        return schema.EnumerateObject().All(keyword => Annotations.Contains(keyword.Name) || Holds(schema, keyword.Name, keyword.Value, value));
    }

    private bool Holds(JsonElement schema, string keyword, JsonElement argument, JsonElement value) => keyword switch
    {
        "$ref" => Holds(Resolve(argument.GetString()!), value),
        "type" => argument.ValueKind == JsonValueKind.Array ? argument.EnumerateArray().Any(type => IsOf(type.GetString()!, value)) : IsOf(argument.GetString()!, value),
        "const" => JsonElement.DeepEquals(argument, value),
        "enum" => argument.EnumerateArray().Any(choice => JsonElement.DeepEquals(choice, value)),
        "not" => !Holds(argument, value),
        "if" => !schema.TryGetProperty(Holds(argument, value) ? "then" : "else", out var branch) || Holds(branch, value),
        "required" => value.ValueKind != JsonValueKind.Object || argument.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "properties" => value.ValueKind != JsonValueKind.Object
            || argument.EnumerateObject().All(property => !value.TryGetProperty(property.Name, out var inner) || Holds(property.Value, inner)),
        "additionalProperties" => value.ValueKind != JsonValueKind.Object
            || value.EnumerateObject().All(property => schema.GetProperty("properties").TryGetProperty(property.Name, out _) || Holds(argument, property.Value)),
        "items" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(element => Holds(argument, element)),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= argument.GetInt32(),
        "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= argument.GetInt32(),
        "minLength" => value.ValueKind != JsonValueKind.String || Letters(value) >= argument.GetInt32(),
        "maxLength" => value.ValueKind != JsonValueKind.String || Letters(value) <= argument.GetInt32(),
        "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, argument.GetString()!, RegexOptions.ECMAScript),
        "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= argument.GetDouble(),
        "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= argument.GetDouble(),
        _ => throw new NotSupportedException($"The schema uses '{keyword}', which is not checked here."),
    };

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "integer" => value.ValueKind == JsonValueKind.Number && double.IsInteger(value.GetDouble()),
        _ => throw new NotSupportedException($"The schema uses the type '{type}', which is not checked here."),
    };

    private static int Letters(JsonElement value) => value.GetString()!.EnumerateRunes().Count();

    private JsonElement Resolve(string reference) =>
        reference.TrimStart('#', '/').Split('/').Aggregate(_root, (schema, name) => schema.GetProperty(name));
}

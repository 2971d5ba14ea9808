using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Darq.Tests.Shared;

namespace Darq.Tests.Helm.Chart;

/// <summary>One documented value: its path, what is accepted, its default as JSON, and its description.</summary>
internal sealed record DocumentedValue(string Path, string Form, JsonNode? Default, string Description);

/// <summary>values.yaml with its comments, and values.schema.json.</summary>
internal static partial class ChartValues
{
    public const string SchemaPath = "helm/darq/values.schema.json";
    public const string Path = "helm/darq/values.yaml";

    public static JsonObject Schema { get; } = JsonNode.Parse(File.ReadAllText(Repository.PathOf(SchemaPath)))!.AsObject();

    public static JsonObject Defaults { get; } = Yaml.Read(File.ReadAllText(Repository.PathOf(Path))).Single()!.AsObject();

    /// <summary>All values that have a comment <c># --</c>, in the order of the file.</summary>
    public static IEnumerable<DocumentedValue> Documented()
    {
        var parents = new Stack<(int Indentation, string Name)>();
        string? description = null;
        foreach (var line in File.ReadAllLines(Repository.PathOf(Path)))
        {
            if (Comment().Match(line) is { Success: true } comment)
            {
                description = comment.Groups[1].Value;
            }
            else if (Key().Match(line) is { Success: true } key)
            {
                while (parents.Count > 0 && parents.Peek().Indentation >= key.Groups[1].Length)
                {
                    parents.Pop();
                }

                parents.Push((key.Groups[1].Length, key.Groups[2].Value));
                if (description is not null)
                {
                    var names = parents.Reverse().Select(parent => parent.Name).ToArray();
                    yield return new(
                        string.Join('.', names),
                        Form(SchemaOf(names)!),
                        names.Aggregate((JsonNode?)Defaults, (node, name) => node![name]),
                        description
                    );
                }

                description = null;
            }
        }
    }

    /// <summary>The schema of a value; null where it has none.</summary>
    public static JsonObject? SchemaOf(IEnumerable<string> names) =>
        names.Aggregate((JsonObject?)Schema, (schema, name) => schema?["properties"]?[name] is JsonObject found ? Resolved(found) : null);

    public static JsonObject Resolved(JsonObject schema) =>
        (string?)schema["$ref"] is { } reference ? Schema["definitions"]![reference.Split('/')[^1]]!.AsObject() : schema;

    private static string Form(JsonObject schema)
    {
        if ((string?)schema["description"] is { } description)
        {
            return description;
        }

        return schema["enum"] is JsonArray choices ? $"one of {string.Join(", ", choices)}"
            : (string?)schema["type"] == "boolean" ? "true or false"
            : (string?)schema["type"] == "integer" ? $"a whole number from {schema["minimum"]} to {schema["maximum"]}"
            : throw new InvalidOperationException($"This schema needs a description for the table in the README: {schema.ToJsonString()}");
    }

    [GeneratedRegex("^ *# -- (.+)$")]
    private static partial Regex Comment();

    [GeneratedRegex("^( *)([A-Za-z_]+):")]
    private static partial Regex Key();
}

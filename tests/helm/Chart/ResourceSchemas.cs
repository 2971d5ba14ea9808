using System.Text.Json;
using System.Text.Json.Nodes;
using Darq.Tests.Shared;
using Json.Schema;

namespace Darq.Tests.Helm.Chart;

/// <summary>
/// The schemas of the folder <c>Schemas</c>: written from the facts of the Kubernetes types and of the custom resources, for what the chart
/// uses of them, and closed. A keyword that the draft does not know is an error, because a validator passes over it.
/// </summary>
internal sealed class ResourceSchemas
{
    private readonly Dictionary<string, JsonSchema> _built = [];

    private ResourceSchemas(JsonObject definitions) => Definitions = definitions;

    public static Lazy<ResourceSchemas> All { get; } = new(Read);

    /// <summary>All definitions of all files by name.</summary>
    public JsonObject Definitions { get; }

    /// <summary>The definitions of one file.</summary>
    public static JsonObject File(string name)
    {
        var file = JsonNode.Parse(System.IO.File.ReadAllText(Repository.PathOf("tests", "helm", "Schemas", name)))!.AsObject();
        file.Remove("$comment");
        return file;
    }

    /// <summary>What is wrong with a value, as <c>place: why</c>; nothing where it is as the definition says.</summary>
    public IReadOnlyList<string> Faults(string definition, JsonNode value)
    {
        if (!Definitions.ContainsKey(definition))
        {
            return [$"There is no definition {definition}."];
        }

        var result = Built(definition).Evaluate(JsonSerializer.SerializeToElement(value), new() { OutputFormat = OutputFormat.List });
        return result.IsValid
            ? []
            :
            [
                .. (result.Details ?? []).SelectMany(detail =>
                    (detail.Errors ?? new Dictionary<string, string>()).Select(error => $"{detail.InstanceLocation}: {error.Value}")
                ),
            ];
    }

    private JsonSchema Built(string definition)
    {
        lock (_built)
        {
            if (_built.TryGetValue(definition, out var known))
            {
                return known;
            }

            var dialects = new DialectRegistry();
            dialects.Register(Dialect.Draft202012.With([], id: Dialect.Draft202012.Id, allowUnknownKeywords: false));
            var whole = new JsonObject { ["$ref"] = $"#/$defs/{definition}", ["$defs"] = Definitions.DeepClone() };
            return _built[definition] = JsonSchema.FromText(
                whole.ToJsonString(),
                new BuildOptions { SchemaRegistry = new(), DialectRegistry = dialects }
            );
        }
    }

    private static ResourceSchemas Read()
    {
        var definitions = new JsonObject();
        foreach (var path in Directory.EnumerateFiles(Repository.PathOf("tests", "helm", "Schemas"), "*.json"))
        {
            foreach (var (name, definition) in File(Path.GetFileName(path)))
            {
                definitions.Add(name, definition!.DeepClone());
            }
        }

        return new(definitions);
    }
}

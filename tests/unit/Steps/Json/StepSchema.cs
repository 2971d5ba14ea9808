using System.Text.Json;
using Darq.Tests.Shared;
using Json.Schema;

namespace Darq.Tests.Unit.Steps.Json;

/// <summary>
/// A schema file of <c>Darq.Engine/Steps/Json</c>. A keyword that draft 2020-12 does not define is an error here, because a
/// validator passes over it: a schema with a slip of the pen would say more than is tested.
/// </summary>
internal sealed class StepSchema
{
    private readonly JsonSchema _schema;

    private StepSchema(JsonSchema schema) => _schema = schema;

    public static StepSchema Read(string file)
    {
        var dialects = new DialectRegistry();
        dialects.Register(Dialect.Draft202012.With([], id: Dialect.Draft202012.Id, allowUnknownKeywords: false));
        // A registry of its own, because the common one refuses to hold the same schema twice.
        var options = new BuildOptions { SchemaRegistry = new(), DialectRegistry = dialects };
        return new(JsonSchema.FromText(File.ReadAllText(Repository.PathOf("component", "Darq.Engine", "Steps", "Json", file)), options));
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

    public bool Accepts(JsonElement value) => _schema.Evaluate(value).IsValid;
}

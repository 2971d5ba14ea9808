using System.Text.Json.Nodes;
using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

public sealed class SchemaFormTests
{
    [Fact]
    public void No_definition_of_a_resource_takes_a_field_that_it_does_not_name() =>
        Assert.All(ResourceSchemas.All.Value.Definitions.Where(definition => definition.Value!["properties"] is not null), definition =>
            Assert.Equal("false", definition.Value!["additionalProperties"]?.ToString())
        );

    [Fact]
    public void Every_definition_is_used()
    {
        var text = ResourceSchemas.All.Value.Definitions.ToJsonString();
        var kinds = ResourceSchemas.All.Value.Definitions.Where(definition =>
            definition.Value!["properties"]?["kind"] is JsonObject { Count: > 0 } kind && kind.ContainsKey("const")
        );
        var used = ResourceSchemas
            .All.Value.Definitions.Select(definition => definition.Key)
            .Where(name => text.Contains($"#/$defs/{name}\"", StringComparison.Ordinal));

        Assert.Empty(
            ResourceSchemas.All.Value.Definitions.Select(definition => definition.Key).Except(used).Except(kinds.Select(kind => kind.Key))
        );
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Darq.Component.Configuration;
using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Json.Schema;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>values.schema.json is closed, complete, and knows the settings of the component.</summary>
public sealed class ValuesSchemaTests
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The settings that the chart has values of its own for.</summary>
    private static readonly string[] Own =
    [
        .. new Setting[]
        {
            ConnectionSettings.RedisHost,
            ConnectionSettings.RedisUsername,
            ConnectionSettings.RedisPassword,
            ConnectionSettings.RedisDb,
            ConnectionSettings.EnableTls,
            ConnectionSettings.InsecureSkipTlsVerify,
            ConnectionSettings.ClientCert,
            ConnectionSettings.ClientKey,
            ConnectionSettings.Failover,
            ConnectionSettings.SentinelMasterName,
            ConnectionSettings.SentinelUsername,
            ConnectionSettings.SentinelPassword,
            NamespaceSettings.Namespace,
            DeliverySettings.RestartSidecar,
        }.Select(setting => setting.Name),
        "caCert",
    ];

    private static readonly (string Definition, SettingTable Table)[] Tables =
    [
        ("pubsubSettings", SettingTable.Of(ComponentService.PubSub)),
        ("stateSettings", SettingTable.Of(ComponentService.StateStore)),
        ("bindingsSettings", SettingTable.Of(ComponentService.InputBinding)),
        ("subscriptionSettings", SettingTable.Subscription),
    ];

    [Fact]
    public void The_settings_in_the_schema_are_those_of_the_component()
    {
        var now = JsonNode.Parse(ChartValues.Schema.ToJsonString())!;
        foreach (var (definition, table) in Tables)
        {
            now["definitions"]![definition]!["properties"] = new JsonObject(
                table
                    .Settings.Where(setting => setting.Role is SettingRole.Effective or SettingRole.Sidecar && !setting.Secret)
                    .Select(setting => setting.Name)
                    .Except(Own)
                    .Order(StringComparer.Ordinal)
                    .Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject { ["$ref"] = "#/definitions/settingValue" }))
            );
        }

        Renewal.Compare(ChartValues.SchemaPath, now.ToJsonString(Indented) + "\n");
    }

    [Fact]
    public void Every_object_is_closed()
    {
        // What a parent chart shares with all its charts has any form.
        var open = Objects(ChartValues.Schema, "")
            .Where(found => found.Schema["additionalProperties"]?.ToString() != "false")
            .Select(found => found.Path);

        Assert.Equal([".properties.global"], open);
    }

    [Fact]
    public void The_schema_is_one_of_draft_07_without_a_slip_of_the_pen()
    {
        Assert.Equal("http://json-schema.org/draft-07/schema#", (string?)ChartValues.Schema["$schema"]);
        var dialects = new DialectRegistry();
        dialects.Register(Dialect.Draft07.With([], id: Dialect.Draft07.Id, allowUnknownKeywords: false));
        var options = new BuildOptions { SchemaRegistry = new(), DialectRegistry = dialects };

        var schema = JsonSchema.FromText(File.ReadAllText(Repository.PathOf(ChartValues.SchemaPath)), options);

        Assert.True(schema.Evaluate(JsonSerializer.SerializeToElement(ChartValues.Defaults)).IsValid);
    }

    [Fact]
    public void Every_value_is_in_the_schema_and_documented()
    {
        var documented = ChartValues.Documented().Select(value => value.Path).ToArray();

        Assert.Equal(documented.Distinct(), documented);
        // What a parent chart passes down is no value of values.yaml.
        var inSchema = Leaves(ChartValues.Schema, "").Except(["global", "enabled"]).ToArray();
        Assert.All(inSchema, path =>
            Assert.Contains(documented, known => path == known || path.StartsWith(known + ".", StringComparison.Ordinal))
        );
        Assert.All(documented, path => Assert.NotNull(ChartValues.SchemaOf(path.Split('.'))));
        Assert.All(Leaves(ChartValues.Defaults), path =>
            Assert.Contains(documented, known => path == known || path.StartsWith(known + ".", StringComparison.Ordinal))
        );
    }

    private static IEnumerable<(string Path, JsonObject Schema)> Objects(JsonNode? node, string path) =>
        node switch
        {
            JsonObject schema => schema
                .SelectMany(child => Objects(child.Value, $"{path}.{child.Key}"))
                .Concat((schema["type"] as JsonValue)?.ToString() == "object" ? [(path, schema)] : Array.Empty<(string, JsonObject)>()),
            JsonArray list => list.SelectMany((child, index) => Objects(child, $"{path}.{index}")),
            _ => [],
        };

    /// <summary>The paths of values that are no objects with fields of their own.</summary>
    private static IEnumerable<string> Leaves(JsonObject schema, string path) =>
        schema["properties"] is JsonObject { Count: > 0 } properties
            ? properties.SelectMany(child =>
                Leaves(ChartValues.Resolved(child.Value!.AsObject()), path.Length == 0 ? child.Key : $"{path}.{child.Key}")
            )
            : [path];

    private static IEnumerable<string> Leaves(JsonNode? node, string path = "") =>
        node is JsonObject { Count: > 0 } map
            ? map.SelectMany(child => Leaves(child.Value, path.Length == 0 ? child.Key : $"{path}.{child.Key}"))
            : [path];
}

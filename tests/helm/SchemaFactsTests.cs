using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Darq.Tests.Helm.Chart;
using k8s.Models;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>The schemas of Kubernetes' own resources agree with the types of its client, which are made from its API.</summary>
public sealed class SchemaFactsTests
{
    private static IEnumerable<KeyValuePair<string, JsonNode?>> OfKubernetes =>
        ResourceSchemas.File("core.json").Concat(ResourceSchemas.File("workloads.json"));

    /// <summary>Definitions of objects that are types of Kubernetes; the rest are forms of text and maps.</summary>
    public static TheoryData<string> Types =>
        [.. OfKubernetes.Where(definition => definition.Value!["properties"] is not null).Select(definition => definition.Key)];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_definition_has_only_fields_of_the_type_with_their_kinds(string name)
    {
        var type = typeof(V1Pod).Assembly.GetType($"k8s.Models.V1{name}");
        Assert.True(type is not null, $"Kubernetes has no type {name}.");
        var fields = type.GetProperties()
            .Select(property => (property, property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name))
            .Where(field => field.Name is not null)
            .ToDictionary(field => field.Name!, field => field.property.PropertyType);
        foreach (var (field, schema) in ResourceSchemas.All.Value.Definitions[name]!["properties"]!.AsObject())
        {
            Assert.True(fields.ContainsKey(field), $"{name} has no field {field}.");
            Assert.True(Fits(schema!, fields[field]), $"{name}.{field} is a {fields[field]}, not {schema!.ToJsonString()}");
        }
    }

    [Theory]
    [InlineData("kind", "Pod", "v1")]
    [InlineData("kind", "Deployment", "apps/v1")]
    [InlineData("kind", "NetworkPolicy", "networking.k8s.io/v1")]
    [InlineData("kind", "PodDisruptionBudget", "policy/v1")]
    public void A_kind_has_the_version_of_its_type(string field, string name, string version)
    {
        var type = typeof(V1Pod).Assembly.GetType($"k8s.Models.V1{name}")!;
        var entity = type.GetCustomAttribute<KubernetesEntityAttribute>()!;

        Assert.Equal(version, entity.Group.Length == 0 ? entity.ApiVersion : $"{entity.Group}/{entity.ApiVersion}");
        var properties = ResourceSchemas.All.Value.Definitions[name]!["properties"]!;
        Assert.Equal(version, (string?)properties["apiVersion"]!["const"]);
        Assert.Equal(name, (string?)properties[field]!["const"]);
    }

    private static bool Fits(JsonNode schema, Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if ((string?)schema["$ref"] is { } reference)
        {
            return FitsDefinition(reference.Split('/')[^1], plain);
        }

        var kind = (string?)schema["type"];
        return schema["enum"] is not null || schema["const"] is not null || kind == "string" ? plain == typeof(string)
            : kind == "boolean" ? plain == typeof(bool)
            : kind == "integer" ? plain == typeof(int) || plain == typeof(long)
            : kind == "array" ? Argument(plain, typeof(IList<>)) is { } item && Fits(schema["items"]!, item)
            : kind == "object" && Argument(plain, typeof(IDictionary<,>)) is { } value && Fits(schema["additionalProperties"]!, value);
    }

    private static bool FitsDefinition(string name, Type type) =>
        name switch
        {
            "Quantity" => type == typeof(ResourceQuantity),
            "IntOrString" => type.Name is "IntOrString" or "IntstrIntOrString",
            _ when ResourceSchemas.All.Value.Definitions[name]!["properties"] is not null => type.Name == "V1" + name,
            _ => Fits(ResourceSchemas.All.Value.Definitions[name]!, type),
        };

    private static Type? Argument(Type type, Type generic) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == generic ? type.GetGenericArguments()[^1] : null;
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit;

namespace Darq.Tests.Helm.Chart;

/// <summary>What the chart makes of a set of values: the text that helm writes, and the resources in it.</summary>
internal sealed record Rendering(string Text, IReadOnlyList<JsonObject> Resources)
{
    public const string Release = "shop";
    public const string Namespace = "prod";

    private static readonly ConcurrentDictionary<string, Task<Rendering>> Known = new();

    /// <summary>Of the defaults or a file of <c>ci</c>; made once for all tests.</summary>
    public static Task<Rendering> OfAsync(string values) =>
        Known.GetOrAdd(values, static name => RenderAsync("helm/darq", ValuesFile.Arguments(name)));

    /// <summary>With values as <c>--set</c> takes them.</summary>
    public static Task<Rendering> WithAsync(params string[] values) =>
        RenderAsync("helm/darq", [.. values.SelectMany(value => new[] { "--set", value })]);

    public static async Task<Rendering> RenderAsync(string chart, params string[] arguments)
    {
        var run = await HelmProgram.RunAsync(["template", Release, chart, "--namespace", Namespace, .. arguments]);
        Assert.True(run.ExitCode == 0, run.Errors);
        return new(run.Output, Yaml.Read(run.Output).OfType<JsonObject>().ToArray());
    }

    public IEnumerable<JsonObject> Of(string kind) => Resources.Where(resource => (string?)resource["kind"] == kind);

    public JsonObject Single(string kind, string name) => Of(kind).Single(resource => NameOf(resource) == name);

    public static string NameOf(JsonNode resource) => (string)resource["metadata"]!["name"]!;

    /// <summary>Every pod that the resources describe: pods themselves and the templates of what makes pods.</summary>
    public IEnumerable<JsonObject> Pods =>
        Resources.Select(resource => (string?)resource["kind"] == "Pod" ? resource : resource["spec"]?["template"]).OfType<JsonObject>();

    /// <summary>Containers of a pod, also those that start first.</summary>
    public static IEnumerable<JsonObject> ContainersOf(JsonObject pod) =>
        new[] { "initContainers", "containers" }.SelectMany(field => pod["spec"]![field]?.AsArray() ?? []).OfType<JsonObject>();

    /// <summary>The containers in the annotations of Components, which Dapr's injector adds to pods.</summary>
    public IEnumerable<JsonObject> InjectedContainers =>
        Of("Component")
            .Select(component => (string?)component["metadata"]!["annotations"]?["dapr.io/component-container"])
            .OfType<string>()
            .Select(text => JsonNode.Parse(text)!.AsObject());
}

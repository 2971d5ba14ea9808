using System.Text.Json.Nodes;
using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>The chart as a dependency of an app's own chart (tests/helm/Parent), which takes the container from its templates.</summary>
public sealed class ParentChartTests
{
    [Fact]
    public async Task An_app_takes_the_container_from_the_templates()
    {
        using var chart = await BuildAsync();

        var pod = Template(await Rendering.RenderAsync(chart.FullPath))["spec"]!;

        var container = Assert.Single(pod["initContainers"]!.AsArray())!;
        Assert.Equal("darq", (string?)container["name"]);
        // Not the version of the app's chart.
        Assert.Equal("ghcr.io/dapr-darq/darq:0.1.0", (string?)container["image"]);
        Assert.Empty(ResourceSchemas.All.Value.Faults("Container", container));
        Assert.Equal(65532, (long)pod["securityContext"]!["fsGroup"]!);
    }

    [Fact]
    public async Task The_mode_is_changed_by_a_value_alone()
    {
        using var chart = await BuildAsync();

        var template = Template(await Rendering.RenderAsync(chart.FullPath, "--set", "darq.mode=injector"));
        Assert.Equal("true", (string?)template["metadata"]!["annotations"]!["dapr.io/inject-pluggable-components"]);
        Assert.Null(template["spec"]!["initContainers"]);
        Assert.Single(template["spec"]!["containers"]!.AsArray());

        template = Template(await Rendering.RenderAsync(chart.FullPath, "--set", "darq.sidecar.native=false"));
        Assert.Equal("darq", (string?)template["metadata"]!["annotations"]!["dapr.io/pluggable-components"]);
        Assert.Equal(2, template["spec"]!["containers"]!.AsArray().Count);
    }

    [Fact]
    public async Task Its_components_are_installed_with_the_app()
    {
        using var chart = await BuildAsync();

        var rendering = await Rendering.RenderAsync(chart.FullPath);

        Assert.Equal(["pubsub", "statestore"], rendering.Of("Component").Select(Rendering.NameOf));
        Assert.All(rendering.Of("Component"), component => Assert.Equal("""["orders"]""", component["scopes"]!.ToJsonString()));
    }

    [Fact]
    public async Task Wrong_values_are_refused_there_too()
    {
        using var chart = await BuildAsync();

        var run = await HelmProgram.RunAsync("template", "shop", chart.FullPath, "--set", "darq.redis.hots=a");

        Assert.Contains("redis: Additional property hots is not allowed", run.Errors, StringComparison.Ordinal);
    }

    private static async Task<TempFolder> BuildAsync()
    {
        var copy = new TempFolder();
        var source = Repository.PathOf("tests", "helm", "Parent");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var text = await File.ReadAllTextAsync(file);
            copy.Write(
                Path.GetRelativePath(source, file),
                text.Replace("../../../helm/darq", Repository.PathOf("helm", "darq"), StringComparison.Ordinal)
            );
        }

        var run = await HelmProgram.RunAsync("dependency", "build", copy.FullPath);
        Assert.True(run.ExitCode == 0, run.Errors);
        return copy;
    }

    private static JsonObject Template(Rendering rendering) => rendering.Single("Deployment", "orders")["spec"]!["template"]!.AsObject();
}

using System.Text.Json.Nodes;
using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>
/// The pod that Dapr's injector makes of the example, in each mode: it appends its sidecar to the containers, gives it the socket folder of
/// the containers that the annotation <c>dapr.io/pluggable-components</c> lists or that Components describe, and the mounts of
/// <c>dapr.io/volume-mounts-rw</c> that name a volume of the pod.
/// </summary>
public sealed class InjectionTests
{
    private const string Folder = "/tmp/dapr-components-sockets";

    [Fact]
    public async Task The_injector_adds_one_container_for_all_components_of_an_app()
    {
        var rendering = await Rendering.WithAsync("example.enabled=true");
        var template = Example(rendering);

        Assert.Equal("true", Annotation(template, "dapr.io/inject-pluggable-components"));
        Assert.Equal(["app"], Names(template, "containers"));
        var containers = rendering.InjectedContainers.ToArray();
        Assert.Equal(rendering.Of("Component").Count(), containers.Length);
        // The injector takes one for each image.
        Assert.Single(containers.Select(container => (string)container["image"]!).Distinct());
        Assert.Single(containers.Select(container => container.ToJsonString()).Distinct());
    }

    [Fact]
    public async Task A_native_sidecar_shares_its_folder_by_an_annotation_and_starts_before_all_others()
    {
        var rendering = await Rendering.WithAsync("example.enabled=true", "mode=sidecar");
        var template = Example(rendering);

        Assert.Equal(["darq"], Names(template, "initContainers"));
        var component = template["spec"]!["initContainers"]![0]!;
        Assert.Equal("Always", (string?)component["restartPolicy"]);
        // Kubernetes starts the next container when this one has passed.
        Assert.Equal("/healthz", (string?)component["startupProbe"]!["httpGet"]!["path"]);
        var mount = Annotation(template, "dapr.io/volume-mounts-rw")!.Split(':');
        Assert.Equal(Folder, mount[1]);
        Assert.Contains(template["spec"]!["volumes"]!.AsArray(), volume =>
            (string)volume!["name"]! == mount[0] && volume["emptyDir"] is not null
        );
        Assert.Contains(component["volumeMounts"]!.AsArray(), own =>
            (string)own!["name"]! == mount[0] && (string)own["mountPath"]! == Folder && own["readOnly"] is null
        );
        Assert.Empty(rendering.InjectedContainers);
    }

    [Fact]
    public async Task An_ordinary_container_is_named_by_an_annotation_and_stands_first()
    {
        var rendering = await Rendering.WithAsync(
            "example.enabled=true",
            "mode=sidecar",
            "sidecar.native=false",
            "container.name=component"
        );
        var template = Example(rendering);

        Assert.Equal(["component", "app"], Names(template, "containers"));
        Assert.Equal("component", Annotation(template, "dapr.io/pluggable-components"));
        // The injector mounts the folder, also into this one.
        Assert.Null(template["spec"]!["containers"]![0]!["volumeMounts"]);
        Assert.Empty(rendering.InjectedContainers);
    }

    [Theory]
    [InlineData("mode=injector", "")]
    [InlineData("mode=sidecar", "")]
    [InlineData("mode=sidecar", "sidecar.native=false")]
    public async Task A_component_that_restarts_alone_has_its_password(string mode, string native)
    {
        var rendering = await Rendering.WithAsync(
            "example.enabled=true",
            "redis.passwordSecret.name=pw",
            mode,
            native.Length == 0 ? mode : native
        );
        var containers = rendering
            .InjectedContainers.Concat(Rendering.ContainersOf(Example(rendering)).Where(container => (string)container["name"]! == "darq"))
            .ToArray();

        Assert.NotEmpty(containers);
        Assert.All(containers, container =>
            Assert.Contains(container["env"]!.AsArray(), variable =>
                (string)variable!["name"]! == "DARQ_REDIS_PASSWORD" && (string)variable["valueFrom"]!["secretKeyRef"]!["name"]! == "pw"
            )
        );
    }

    [Fact]
    public async Task The_kubelet_reaches_the_address_of_the_probes()
    {
        var container = (await Rendering.OfAsync(ValuesFile.Defaults)).InjectedContainers.First();
        var address = (string)container["env"]!.AsArray().Single(variable => (string)variable!["name"]! == "DARQ_ADMIN_ADDRESS")!["value"]!;

        Assert.Equal("0.0.0.0:9464", address);
        Assert.Equal(9464, (int)container["ports"]![0]!["containerPort"]!);
        Assert.Equal("/readyz", (string?)container["readinessProbe"]!["httpGet"]!["path"]);
        Assert.Equal("/healthz", (string?)container["livenessProbe"]!["httpGet"]!["path"]);
    }

    private static JsonObject Example(Rendering rendering) =>
        rendering.Single("Deployment", "shop-darq-example")["spec"]!["template"]!.AsObject();

    private static string? Annotation(JsonObject template, string name) => (string?)template["metadata"]!["annotations"]![name];

    private static IEnumerable<string> Names(JsonObject template, string field) =>
        (template["spec"]![field]?.AsArray() ?? []).Select(container => (string)container!["name"]!);
}

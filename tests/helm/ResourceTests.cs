using System.Text.Json.Nodes;
using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>Each rendered resource is as Kubernetes and the custom resources have it.</summary>
public sealed class ResourceTests
{
    public static TheoryData<string> Values => ValuesFile.Cases;

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Every_resource_is_one_of_its_kind(string values)
    {
        foreach (var resource in (await Rendering.OfAsync(values)).Resources)
        {
            var faults = ResourceSchemas.All.Value.Faults((string)resource["kind"]!, resource);
            Assert.True(faults.Count == 0, $"{resource["kind"]} {Rendering.NameOf(resource)}: {string.Join("; ", faults)}");
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Every_injected_container_is_one(string values) =>
        Assert.All(
            (await Rendering.OfAsync(values)).InjectedContainers,
            container => Assert.Empty(ResourceSchemas.All.Value.Faults("Container", container))
        );

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Names_are_unique(string values)
    {
        var names = (await Rendering.OfAsync(values))
            .Resources.Select(resource => $"{resource["kind"]} {Rendering.NameOf(resource)}")
            .ToArray();

        Assert.Equal(names.Distinct(), names);
    }

    [Fact]
    public async Task A_label_of_one_resource_wins_over_that_of_all()
    {
        var rendering = await Rendering.OfAsync("odd-names");

        Assert.Equal("8", (string?)Assert.Single(rendering.Of("ServiceMonitor"))["metadata"]!["labels"]!["team"]);
        Assert.Equal("7", (string?)rendering.Of("Component").First()["metadata"]!["labels"]!["team"]);
    }

    /// <summary>A release may have such a name, and each resource has it in a label.</summary>
    [Fact]
    public async Task The_name_of_a_release_that_looks_like_a_number_stays_text()
    {
        var run = await HelmProgram.RunAsync("template", "123", "helm/darq", "--set", "redis.dev.enabled=true,example.enabled=true");

        Assert.All(
            Yaml.Read(run.Output).OfType<JsonObject>(),
            resource => Assert.Equal("123", (string?)resource["metadata"]!["labels"]!["app.kubernetes.io/instance"])
        );
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Selectors_find_the_pods_that_they_are_made_for(string values)
    {
        var rendering = await Rendering.OfAsync(values);
        foreach (var owner in rendering.Resources.Where(resource => resource["spec"]?["template"] is not null))
        {
            var labels = owner["spec"]!["template"]!["metadata"]!["labels"]!.AsObject();
            Assert.All(
                owner["spec"]!["selector"]!["matchLabels"]!.AsObject(),
                wanted => Assert.Equal((string)wanted.Value!, (string?)labels[wanted.Key])
            );
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Pods_mount_what_they_have_and_probe_ports_that_they_name(string values)
    {
        var rendering = await Rendering.OfAsync(values);
        foreach (var pod in rendering.Pods)
        {
            var volumes = VolumesOf(pod).Concat(ClaimsOf(rendering, pod)).ToArray();
            foreach (var container in Rendering.ContainersOf(pod))
            {
                var mounts = (container["volumeMounts"]?.AsArray() ?? []).Select(mount => (string)mount!["name"]!);
                Assert.All(mounts, name => Assert.Contains(name, volumes));
                CheckProbes(container);
            }
        }

        Assert.All(rendering.InjectedContainers, CheckProbes);
    }

    [Theory]
    [InlineData(
        """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"selector":{},"ports":[{"port":6379,"targetport":1}]}}""",
        "Service"
    )]
    [InlineData(
        """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"selector":{},"ports":[{"port":"6379"}]}}""",
        "Service"
    )]
    [InlineData(
        """{"apiVersion":"apps/v1","kind":"Service","metadata":{"name":"a"},"spec":{"selector":{},"ports":[{"port":6379}]}}""",
        "Service"
    )]
    [InlineData("""{"name":"a","image":"b","env":[{"name":"A","value":1}]}""", "Container")]
    [InlineData("""{"name":"darq","image":"b","ports":[{"containerPort":1,"name":"a-name-of-a-port"}]}""", "Container")]
    [InlineData("""{"name":"a","value":"b","secretKeyRef":{"name":"c","key":"d"}}""", "ComponentMetadata")]
    public void A_wrong_resource_is_found(string resource, string definition) =>
        Assert.NotEmpty(ResourceSchemas.All.Value.Faults(definition, JsonNode.Parse(resource)!));

    [Fact]
    public void A_right_resource_is_not() =>
        Assert.Empty(
            ResourceSchemas.All.Value.Faults(
                "Service",
                JsonNode.Parse(
                    """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"selector":{},"ports":[{"port":6379}]}}"""
                )!
            )
        );

    private static IEnumerable<string> VolumesOf(JsonObject pod) =>
        (pod["spec"]!["volumes"]?.AsArray() ?? []).Select(volume => (string)volume!["name"]!);

    private static IEnumerable<string> ClaimsOf(Rendering rendering, JsonObject pod) =>
        rendering
            .Resources.Where(owner => owner["spec"]?["template"] == pod)
            .SelectMany(owner => owner["spec"]!["volumeClaimTemplates"]?.AsArray() ?? [])
            .Select(claim => Rendering.NameOf(claim!));

    private static void CheckProbes(JsonObject container)
    {
        var ports = (container["ports"]?.AsArray() ?? []).Select(port => (string)port!["name"]!).ToArray();
        foreach (
            var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(name => container[name]).OfType<JsonObject>()
        )
        {
            Assert.Contains((string)(probe["httpGet"] ?? probe["tcpSocket"])!["port"]!, ports);
        }
    }
}

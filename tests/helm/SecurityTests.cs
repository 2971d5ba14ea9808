using System.Text.Json.Nodes;
using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>What every pod and container of the chart must have, whatever the values are.</summary>
public sealed class SecurityTests
{
    private static readonly string[] ClusterWide =
    [
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "ServiceAccount",
        "Namespace",
    ];

    public static TheoryData<string> Values => ValuesFile.Cases;

    [Theory]
    [MemberData(nameof(Values))]
    public async Task No_rights_are_asked_for(string values) =>
        Assert.DoesNotContain((await Rendering.OfAsync(values)).Resources, resource => ClusterWide.Contains((string?)resource["kind"]));

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Containers_run_without_privileges(string values)
    {
        var rendering = await Rendering.OfAsync(values);
        var checkedContainers = 0;
        foreach (var pod in rendering.Pods)
        {
            var shared = pod["spec"]!["securityContext"]!;
            Assert.NotNull(shared["fsGroup"]);
            foreach (var container in Rendering.ContainersOf(pod))
            {
                CheckContainer(container, shared);
                checkedContainers++;
            }
        }

        foreach (var container in rendering.InjectedContainers)
        {
            CheckContainer(container, new JsonObject());
            checkedContainers++;
        }

        Assert.True(checkedContainers > 0);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Secrets_are_references(string values)
    {
        var rendering = await Rendering.OfAsync(values);

        Assert.Empty(rendering.Of("Secret"));
        var secrets = rendering
            .Of("Component")
            .SelectMany(component => component["spec"]!["metadata"]!.AsArray())
            .Where(entry => (string)entry!["name"]! is "redisPassword" or "sentinelPassword" or "clientKey" or "primaryEncryptionKey");
        Assert.All(secrets, entry => Assert.True(entry!["secretKeyRef"] is not null && entry["value"] is null, entry.ToJsonString()));
        var variables = rendering.Pods.SelectMany(Rendering.ContainersOf).Concat(rendering.InjectedContainers).SelectMany(EnvironmentOf);
        Assert.All(variables.Where(variable => IsSecret((string)variable["name"]!)), variable =>
            Assert.True(variable["valueFrom"]?["secretKeyRef"] is not null, variable.ToJsonString())
        );
    }

    [Fact]
    public async Task The_component_runs_as_65532_and_shares_its_group_with_the_sidecar()
    {
        var rendering = await Rendering.WithAsync("mode=sidecar", "example.enabled=true");
        var pod = rendering.Single("Deployment", "shop-darq-example")["spec"]!["template"]!["spec"]!;

        var component = pod["initContainers"]![0]!["securityContext"]!;
        Assert.Equal(65532, (long)component["runAsUser"]!);
        Assert.Equal(65532, (long)component["runAsGroup"]!);
        Assert.Equal(65532, (long)pod["securityContext"]!["fsGroup"]!);
    }

    private static void CheckContainer(JsonObject container, JsonNode pod)
    {
        var own = container["securityContext"]!;
        var name = container["name"]!.ToString();
        Assert.False((bool)own["allowPrivilegeEscalation"]!, name);
        Assert.True((bool)own["readOnlyRootFilesystem"]!, name);
        Assert.Equal("""["ALL"]""", own["capabilities"]!["drop"]!.ToJsonString());
        Assert.Null(own["capabilities"]!["add"]);
        Assert.True((bool)(own["runAsNonRoot"] ?? pod["runAsNonRoot"])!, name);
        Assert.True((long)(own["runAsUser"] ?? pod["runAsUser"])! > 0, name);
        Assert.Equal("RuntimeDefault", (string?)(own["seccompProfile"] ?? pod["seccompProfile"])!["type"]);
        Assert.NotNull(container["resources"]!["requests"]!["cpu"]);
        Assert.NotNull(container["resources"]!["limits"]!["memory"]);
    }

    private static IEnumerable<JsonObject> EnvironmentOf(JsonObject container) => (container["env"]?.AsArray() ?? []).OfType<JsonObject>();

    private static bool IsSecret(string variable) =>
        variable.Contains("PASSWORD", StringComparison.Ordinal)
        || variable.EndsWith("_KEY", StringComparison.Ordinal)
        || variable.EndsWith("_TOKEN", StringComparison.Ordinal);
}

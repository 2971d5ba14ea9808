using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>A wrong value is refused with a text that names it.</summary>
public sealed class WrongValuesTests
{
    // The schema: types, forms and names.
    [Theory]
    [InlineData("mode=neither", """mode: mode must be one of the following: "injector", "sidecar" """)]
    [InlineData("redis.hots=localhost", "redis: Additional property hots is not allowed")]
    [InlineData("redis.host=", "redis.host: Does not match pattern")]
    [InlineData("redis.password=secret", "redis: Additional property password is not allowed")]
    [InlineData("redis.database=-1", "redis.database: Must be greater than or equal to 0")]
    [InlineData("namespace=Shop", "namespace: Does not match pattern")]
    [InlineData("apps=orders", "apps: Invalid type. Expected: array, given: string")]
    [InlineData("apps={a,a}", "apps: array items[0,1] must be unique")]
    [InlineData("image.digest=sha256:12", "image.digest: Does not match pattern")]
    [InlineData("components.pubsub.Bank.enabled=true", "components.pubsub: Additional property Bank is not allowed")]
    [InlineData(
        "components.pubsub.bank.settings.maxDelivery=1",
        "components.pubsub.bank.settings: Additional property maxDelivery is not allowed"
    )]
    [InlineData(
        "components.pubsub.bank.settings.redisHost=a",
        "components.pubsub.bank.settings: Additional property redisHost is not allowed"
    )]
    [InlineData(
        "components.state.ledger.settings.requireStep=true",
        "components.state.ledger.settings: Additional property requireStep is not allowed"
    )]
    [InlineData(
        "components.state.ledger.secrets.primaryEncryptionKey.name=a",
        "components.state.ledger.secrets.primaryEncryptionKey: key is required"
    )]
    [InlineData("components.initTimeout=soon", "components.initTimeout: Does not match pattern")]
    [InlineData("components.restartSidecar=yes", "components.restartSidecar: Does not match pattern")]
    [InlineData("subscriptions.s.topic=t", "subscriptions.s: pubsub is required")]
    [InlineData("container.socketMode=0999", "container.socketMode: Does not match pattern")]
    [InlineData("image.repository=darq:0.1.0", "image.repository: Does not match pattern")]
    [InlineData("container.user=0", "container.user: Must be greater than or equal to 1")]
    [InlineData("container.resources.limits.cpu=much", "container.resources.limits.cpu: Does not match pattern")]
    [InlineData("admin.host=127.0.0.1", "admin.host: Does not match pattern")]
    [InlineData("admin.port=80", "admin.port: Must be greater than or equal to 1024")]
    [InlineData("probes.liveness.periodSeconds=0", "probes.liveness.periodSeconds: Must be greater than or equal to 1")]
    [InlineData("networkPolicy.metricsFrom[0].podLabels=a", "networkPolicy.metricsFrom.0: Additional property podLabels is not allowed")]
    [InlineData("podDisruptionBudget.maxUnavailable=0", "podDisruptionBudget.maxUnavailable: Must be greater than or equal to 1")]
    [InlineData("keda.minReplicas=0", "keda.minReplicas: Must be greater than or equal to 1")]
    [InlineData("prometheusRule.runbookUrl=docs", "prometheusRule.runbookUrl: Does not match pattern")]
    // The chart: values that contradict each other.
    [InlineData(
        "components.state.pubsub.enabled=true",
        "components.state.pubsub: components.pubsub has this name too; give one of them another name"
    )]
    [InlineData(
        "subscriptions.s.pubsub=bank,subscriptions.s.topic=t,subscriptions.s.route=/t",
        "subscriptions.s.pubsub: \"bank\" is not a name in components.pubsub; accepted: pubsub"
    )]
    [InlineData(
        "components.pubsub.pubsub.enabled=false,subscriptions.s.pubsub=pubsub,subscriptions.s.topic=t,subscriptions.s.route=/t",
        "subscriptions.s.pubsub: components.pubsub.pubsub is not enabled"
    )]
    [InlineData(
        "subscriptions.s.pubsub=pubsub,subscriptions.s.topic=t",
        "subscriptions.s: there is neither route nor rules; give route: the path of the app"
    )]
    [InlineData("redis.sentinel.enabled=true", "redis.sentinel.masterName: it is empty; give the name that the sentinels monitor")]
    [InlineData(
        "redis.dev.enabled=true,redis.tls.enabled=true",
        "redis.dev.enabled: the Redis for development has neither TLS nor sentinels"
    )]
    [InlineData(
        "redis.sentinel.masterName=primary",
        "redis.sentinel.masterName: it is \"primary\", and redis.sentinel.enabled is false; set that to true, or leave this empty"
    )]
    [InlineData(
        @"redis.host=s1:26379\,s2:26379",
        "redis.host: \"s1:26379,s2:26379\" has several addresses, and redis.sentinel.enabled is false; give one, or set that to true"
    )]
    [InlineData("redis.tls.caSecret.name=ca", "redis.tls.caSecret.name: it is \"ca\", and redis.tls.enabled is false")]
    [InlineData("redis.tls.clientSecret.name=c", "redis.tls.clientSecret.name: it is \"c\", and redis.tls.enabled is false")]
    [InlineData(
        "redis.tls.enabled=true,redis.tls.insecureSkipVerify=true,redis.tls.caSecret.name=ca",
        "redis.tls.caSecret.name: redis.tls.insecureSkipVerify is true, which accepts any certificate; give one of the two"
    )]
    [InlineData("redis.dev.enabled=true,redis.database=1", "redis.database: it is 1; the Redis for development has one database, 0")]
    [InlineData("podDisruptionBudget.enabled=true", "podDisruptionBudget.enabled: apps is empty; name the apps that get a budget in apps")]
    [InlineData("podMonitor.enabled=true,serviceMonitor.enabled=true", "serviceMonitor.enabled: podMonitor.enabled is true too")]
    [InlineData("keda.enabled=true,keda.group=g", "keda.deployment: it is empty; name the deployment to scale")]
    [InlineData("keda.enabled=true,keda.deployment=d", "keda.group: it is empty; name the group to scale")]
    [InlineData(
        "keda.enabled=true,keda.deployment=d,keda.group=g,keda.minReplicas=9",
        "keda.maxReplicas: it is 8, less than keda.minReplicas, 9"
    )]
    [InlineData(
        "example.enabled=true,components.pubsub.bank.enabled=true",
        "components.pubsub.bank: the example has a component of this name"
    )]
    [InlineData(
        @"labels.app\.kubernetes\.io/instance=a",
        "labels.app.kubernetes.io/instance: the chart gives this label itself, and selects by it; leave it out"
    )]
    [InlineData(
        @"podMonitor.labels.app\.kubernetes\.io/name=a",
        "podMonitor.labels.app.kubernetes.io/name: the chart gives this label itself"
    )]
    [InlineData("prometheusRule.alertLabels.severity=page", "prometheusRule.alertLabels.severity: each alert has its own; leave it out")]
    [InlineData(
        "container.env.DARQ_ADMIN_ADDRESS=off",
        "container.env.DARQ_ADMIN_ADDRESS: the chart gives this variable itself; set admin.host and admin.port"
    )]
    [InlineData(
        "container.env.DAPR_COMPONENTS_SOCKETS_FOLDER=/run",
        "container.env.DAPR_COMPONENTS_SOCKETS_FOLDER: the chart gives this variable itself; Dapr's sidecar looks into the default folder"
    )]
    [InlineData(
        "container.env.DARQ_BANK_REDIS_PASSWORD=a",
        "container.env.DARQ_BANK_REDIS_PASSWORD: a secret is no value of this chart; all components log in with redis.passwordSecret"
    )]
    [InlineData("container.name=daprd", "container.name: it is \"daprd\", the name of Dapr's own container; give another one")]
    [InlineData(
        "example.enabled=true,container.name=app",
        "container.name: it is \"app\", the name of the example's own container; give another one"
    )]
    [InlineData(
        "mode=sidecar,probes.startup.enabled=false",
        "probes.startup.enabled: it is false; a native sidecar needs it, because Kubernetes starts the other containers when it is good"
    )]
    [InlineData(
        "networkPolicy.enabled=true,podMonitor.enabled=true",
        "networkPolicy.metricsFrom: it is empty, so that the monitor could read no metrics; name the pods or the namespace of Prometheus"
    )]
    public async Task A_wrong_value_is_named(string values, string expected)
    {
        var run = await HelmProgram.RunAsync("template", "shop", "helm/darq", "--set", values);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(expected.Trim(), run.Errors, StringComparison.Ordinal);
    }

    /// <summary>Text, so that a mode is one and no number.</summary>
    [Theory]
    [InlineData("0000")]
    [InlineData("0460")]
    public async Task A_socket_that_the_component_itself_could_not_use_is_refused(string mode)
    {
        var run = await HelmProgram.RunAsync("template", "shop", "helm/darq", "--set-string", $"container.socketMode={mode}");

        Assert.Contains("container.socketMode: Does not match pattern", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("darq")]
    [InlineData("registry:5000/darq")]
    [InlineData("my-registry.example.com:5000/team_a/darq")]
    [InlineData("registry.example.com/a__b/c--d.e")]
    public async Task An_image_of_any_registry_is_taken(string repository)
    {
        var rendering = await Rendering.WithAsync($"image.repository={repository}");

        Assert.All(rendering.InjectedContainers, container => Assert.StartsWith($"{repository}:", (string?)container["image"]));
    }
}

using System.Text.Json;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Darq.Tests.Integration.Install;

/// <summary>The files of components-yaml, folder by folder, with a sidecar, the component, and the Redis that they are for.</summary>
[Trait("Lane", "Slow")]
public sealed class ComponentYamlTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly object Orders = new
    {
        pubsubname = "pubsub",
        topic = "orders",
        route = "/orders",
    };

    [Fact]
    public async Task Local_files_bring_messages_and_state()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var app = await InstalledApp.StartAsync(Orders);
        await using var pod = await InstalledPod.StartAsync(ComponentFolder.Read("local", ComponentFolder.Local(redis)), app);

        await WorksAsync(pod, app);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Production_files_bring_messages_and_state_over_TLS_with_a_secret(bool isMutual)
    {
        await using var redis = await SecuredRedis.StartAsync(isMutual);
        using var folder = new TempFolder();
        Dictionary<string, string> given = new()
        {
            ["redis-password"] = SecuredRedis.Password,
            ["redis-authority"] = redis.Authority,
            ["redis-client-cert"] = redis.ClientCertificate,
            ["redis-client-key"] = redis.ClientKey,
        };
        var secrets = folder.Write("secrets.json", JsonSerializer.Serialize(given));
        await using var app = await InstalledApp.StartAsync(Orders);
        var files = ComponentFolder.Read("production", ("redis.example.com:6380", redis.Host), ("/etc/darq/secrets.json", secrets));
        foreach (var setting in isMutual ? ["caCert", "clientCert", "clientKey"] : new[] { "caCert" })
        {
            ComponentFolder.Uncomment(files, setting);
        }

        await using var pod = await InstalledPod.StartAsync(files, app);

        await WorksAsync(pod, app);
    }

    [Fact]
    public async Task Production_files_trust_no_authority_that_the_machine_does_not_trust()
    {
        await using var redis = await SecuredRedis.StartAsync();
        using var folder = new TempFolder();
        var secrets = folder.Write("secrets.json", $$"""{"redis-password": "{{SecuredRedis.Password}}"}""");
        var files = ComponentFolder.Read("production", ("redis.example.com:6380", redis.Host), ("/etc/darq/secrets.json", secrets));
        await using var pod = await InstalledPod.StartAsync(files);

        using var answer = await pod.Sidecar.Http.GetAsync(new Uri("v1.0/state/statestore/tea", UriKind.Relative));

        Assert.Contains("certificate", await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Files_with_an_ACL_user_bring_messages_and_state()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Acl = SecuredRedis.DocumentedUser() });
        await using var app = await InstalledApp.StartAsync(Orders);
        var files = ComponentFolder.Read("acl-user", ComponentFolder.Local(redis));
        await using var pod = await InstalledPod.StartAsync(files, app, new() { ["DARQ_REDIS_PASSWORD"] = SecuredRedis.Password });

        await WorksAsync(pod, app);
    }

    [Fact]
    public async Task Sentinel_files_bring_messages_and_state_also_after_a_failover()
    {
        await using var sentinels = await RedisSentinels.StartAsync();
        await using var app = await InstalledApp.StartAsync(Orders);
        var files = ComponentFolder.Read(
            "sentinel",
            ("sentinel-1:26379,sentinel-2:26379,sentinel-3:26379", sentinels.Hosts),
            ("mymaster", RedisSentinels.MasterName)
        );
        await using var pod = await InstalledPod.StartAsync(files, app);
        await WorksAsync(pod, app);

        await Eventually.TrueAsync(sentinels.IsReplicatedAsync, Patience, "the replica has all");
        await sentinels.First.KillAsync();

        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await pod.Sidecar.Http.GetAsync(new Uri("v1.0/state/statestore/tea", UriKind.Relative));
                return answer.IsSuccessStatusCode && await answer.Content.ReadAsStringAsync() == "5";
            },
            Patience,
            "the promoted replica answers"
        );
    }

    [Fact]
    public async Task The_store_of_actors_and_workflows_is_one_to_the_sidecar()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var pod = await InstalledPod.StartAsync(ComponentFolder.Read("actors-and-workflows", ComponentFolder.Local(redis)));

        using var metadata = JsonDocument.Parse(await pod.Sidecar.Http.GetStringAsync(new Uri("v1.0/metadata", UriKind.Relative)));
        var store = Assert.Single(metadata.RootElement.GetProperty("components").EnumerateArray());
        Assert.Contains("ACTOR", store.GetProperty("capabilities").EnumerateArray().Select(capability => capability.GetString()));

        // A workflow's turn: rows are written and others deleted in one transaction.
        await pod.SaveAndReadAsync();
        await pod.PostAsync(
            "v1.0/state/statestore/transaction",
            new
            {
                operations = new object[]
                {
                    new { operation = "upsert", request = new { key = "history-000000", value = "started" } },
                    new { operation = "delete", request = new { key = "tea" } },
                },
            }
        );
        var rows = await pod.PostAsync("v1.0/state/statestore/bulk", new { keys = new[] { "history-000000", "tea" } });
        using var read = JsonDocument.Parse(rows);
        Assert.Equal("started", read.RootElement[0].GetProperty("data").GetString());
        Assert.False(read.RootElement[1].TryGetProperty("data", out _));
    }

    [Fact]
    public async Task The_output_binding_runs_a_step_once()
    {
        await using var redis = await RedisServer.StartAsync();
        var files = ComponentFolder.Read("output-binding", ComponentFolder.Local(redis));
        files["statestore.yaml"] = ComponentFolder.Read("local", ComponentFolder.Local(redis))["statestore.yaml"];
        await using var pod = await InstalledPod.StartAsync(files);
        object[] state =
        [
            new
            {
                op = "upsert",
                key = "tea",
                value = 5,
            },
        ];
        var step = new { operation = "step", data = new { id = "fill", state } };

        Assert.Contains("\"OK\"", await pod.PostAsync("v1.0/bindings/steps", step), StringComparison.Ordinal);
        Assert.Contains("\"DUPLICATE\"", await pod.PostAsync("v1.0/bindings/steps", step), StringComparison.Ordinal);
        Assert.Equal("5", await pod.Sidecar.Http.GetStringAsync(new Uri("v1.0/state/statestore/tea", UriKind.Relative)));
    }

    [Fact]
    public async Task The_input_binding_takes_a_step_for_an_answer_and_nothing_else()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var app = await InstalledApp.StartAsync();
        object[] state =
        [
            new
            {
                op = "upsert",
                key = "order",
                value = "done",
            },
        ];
        app.Answer = posted => posted.Headers["darq-attempt"] == "1" ? Results.Ok() : Results.Json(new { state });
        var files = ComponentFolder.Read("input-binding", ComponentFolder.Local(redis));
        foreach (var (name, text) in ComponentFolder.Read("local", ComponentFolder.Local(redis)))
        {
            files[name] = text;
        }

        await using var pod = await InstalledPod.StartAsync(files, app);
        await pod.PublishAsync("orders", new { item = "tea" });

        await Eventually.TrueAsync(
            async () => await pod.Sidecar.Http.GetStringAsync(new Uri("v1.0/state/statestore/order", UriKind.Relative)) == "\"done\"",
            Patience,
            "the step took effect"
        );
        Assert.Equal(["/work", "/work"], app.Deliveries.Select(delivery => delivery.Path));
        Assert.Equal("2", app.Deliveries.Last().Headers["darq-attempt"]);
    }

    [Fact]
    public async Task A_message_that_failed_five_times_comes_to_the_subscription_of_dead_letters()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var app = await InstalledApp.StartAsync();
        app.Answer = posted => posted.Path == "/orders" ? Results.StatusCode(500) : Results.Json(new { status = "SUCCESS" });
        await using var pod = await InstalledPod.StartAsync(ComponentFolder.Read("dead-letters", ComponentFolder.Local(redis)), app);

        await pod.PublishAsync("orders", new { item = "tea" });

        var dead = await app.DeliveredAsync("/failed-orders", Patience);
        Assert.Equal("tea", dead.Data.GetProperty("item").GetString());
        Assert.Equal(("orders", "5"), (dead.Headers["darq-dead-topic"], dead.Headers["darq-dead-failures"]));
        Assert.Equal(5, app.Deliveries.Count(delivery => delivery.Path == "/orders"));
    }

    [Fact]
    public async Task A_resiliency_policy_lies_beside_the_files()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var app = await InstalledApp.StartAsync(Orders);
        var files = ComponentFolder.Read("local", ComponentFolder.Local(redis));
        files["resiliency.yaml"] = ComponentFolder.Read("resiliency")["resiliency.yaml"];
        await using var pod = await InstalledPod.StartAsync(files, app);

        await WorksAsync(pod, app);
    }

    private static async Task WorksAsync(InstalledPod pod, InstalledApp app)
    {
        await pod.SaveAndReadAsync();
        await pod.PublishAsync("orders", new { item = "tea" });
        var delivery = await app.DeliveredAsync("/orders", Patience);
        Assert.Equal("tea", delivery.Data.GetProperty("item").GetString());
    }
}

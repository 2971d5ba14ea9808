using System.Net;
using Darq.Protos;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>What a probe, a scraper and an operator see of a component, each test with a process of its own.</summary>
[Trait("Lane", "Slow")]
public sealed class AdminTests
{
    private const string Password = "hunter2-very-secret";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_wrong_address_of_Redis_is_named_by_readiness_by_every_call_and_by_the_log()
    {
        var nowhere = $"127.0.0.1:{FreePort.Next()}";
        var expected = $"No Redis has answered at {nowhere} since start (connection refused); check redisHost";
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        Assert.Equal(HttpStatusCode.OK, (await admin.ReadinessAsync()).Status);
        using var client = new ComponentClient(component.Socket, "st");

        await client.InitStateAsync(("redisHost", nowhere));

        Assert.Equal(
            [$"namespace 'darq': UNAVAILABLE: {expected}."],
            await admin.ReadinessAsync(HttpStatusCode.ServiceUnavailable, Patience)
        );
        var refused = await client.RefusalAsync("StateStore/Get", new GetRequest { Key = "k" });
        Assert.Equal($"UNAVAILABLE: {expected}.", refused.Message);
        await component.Process.WaitForLineAsync("No Redis has answered at", Patience);
        Assert.Equal(HttpStatusCode.OK, (await admin.HealthAsync()).Status);
    }

    [Fact]
    public async Task Readiness_names_a_Redis_that_is_away_and_its_recovery_is_counted()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { AppendFsync = "always" });
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        using var client = new ComponentClient(component.Socket, "st");
        await client.InitStateAsync(("redisHost", redis.Host));
        await admin.ReadinessAsync(HttpStatusCode.OK, Patience);
        Assert.Equal(1, (await admin.MetricsAsync()).Value("darq_connected", "namespace=darq"));

        await redis.KillAsync();

        var reasons = await admin.ReadinessAsync(HttpStatusCode.ServiceUnavailable, Patience);
        Assert.StartsWith(
            $"namespace 'darq': UNAVAILABLE: Redis at {redis.Host} is away (",
            Assert.Single(reasons),
            StringComparison.Ordinal
        );
        await component.Process.WaitForLineAsync($"Lost the connection to Redis at {redis.Host}", Patience);
        await admin.MetricAsync(value => value == 0, Patience, "darq_connected", "namespace=darq");
        await redis.RestartAsync();
        Assert.Empty(await admin.ReadinessAsync(HttpStatusCode.OK, Patience));
        await admin.MetricAsync(value => value == 1, Patience, "darq_recoveries_total", "namespace=darq");
    }

    [Fact]
    public async Task Readiness_names_a_Redis_that_keeps_its_connections_and_answers_nothing()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        using var client = new ComponentClient(component.Socket, "ps");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var pull = await PullClient.OpenAsync(client, "topic");
        await admin.ReadinessAsync(HttpStatusCode.OK, Patience);

        redis.Pause();

        var expected = $"namespace 'darq': UNAVAILABLE: Redis at {redis.Host} is away (no answer in time); the component keeps trying.";
        await Eventually.TrueAsync(
            async () => (await admin.ReadinessAsync()).Reasons.SequenceEqual([expected]),
            Patience,
            "readiness says that Redis does not answer"
        );
        await component.Process.WaitForLineAsync($"Lost the connection to Redis at {redis.Host}", Patience);
        redis.Resume();
        Assert.Empty(await admin.ReadinessAsync(HttpStatusCode.OK, Patience));
        await client.PublishAsync("topic", "1");
        await pull.AckAsync((await pull.NextAsync()).Id);
    }

    [Fact]
    public async Task A_socket_that_somebody_removes_is_told_of_and_a_restart_is_asked_for()
    {
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        Assert.Equal(HttpStatusCode.OK, (await admin.HealthAsync()).Status);

        File.Delete(component.Socket);

        var expected = $"the socket {component.Socket} was removed, so that no sidecar that starts from now on finds this component";
        Assert.StartsWith(
            expected,
            Assert.Single(await admin.ReadinessAsync(HttpStatusCode.ServiceUnavailable, Patience)),
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await admin.HealthAsync()).Status);
        await component.Process.WaitForLineAsync($"The socket {component.Socket} was removed", Patience);
    }

    [Fact]
    public async Task What_happens_to_messages_is_counted()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        using var client = new ComponentClient(component.Socket, "ps");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"), ("maxDeliveries", "2"), ("retryDelay", "10ms"));
        using var pull = await PullClient.OpenAsync(client, "topic");
        string[] subscription = ["namespace=darq", "group=app", "topic=topic"];

        await client.PublishAsync("topic", "1");
        await pull.AckAsync((await pull.NextAsync()).Id);
        await client.PublishAsync("topic", "2");
        await pull.NackAsync((await pull.NextAsync()).Id);
        await pull.NackAsync((await pull.NextAsync()).Id);
        await client.PublishAsync("topic", "3", ("darq.id", "3"));
        await client.PublishAsync("topic", "3", ("darq.id", "3"));
        await pull.NextAsync();

        await admin.MetricAsync(
            value => value == 1,
            Patience,
            "darq_messages_dead_lettered_total",
            [.. subscription, "reason=deliveries_failed"]
        );
        var metrics = await admin.MetricsAsync();
        Assert.Equal(3, metrics.Value("darq_messages_appended_total", "topic=topic"));
        Assert.Equal(1, metrics.Value("darq_messages_duplicate_total", "topic=topic"));
        Assert.Equal(1, metrics.Value("darq_messages_acked_total", subscription));
        Assert.Equal(4, metrics.Value("darq_deliveries_sent_total", subscription));
        Assert.Equal(2, metrics.Value("darq_deliveries_failed_total", [.. subscription, "reason=handler_failed"]));
        Assert.Equal(1, metrics.Value("darq_deliveries_in_flight", subscription));
        Assert.Equal(1, metrics.Value("darq_streams_open", subscription));
        Assert.Equal(64, metrics.Value("darq_lanes_owned", subscription));
        Assert.InRange(metrics.Value("darq_deliveries_oldest_age_seconds", subscription)!.Value, 0.001, 20);
        Assert.InRange(metrics.Value("darq_loop_age_seconds", "namespace=darq", "loop=heartbeat")!.Value, 0, 5);
        Assert.Equal("counter", metrics.TypeOf["darq_batches_answered_total"]);
    }

    [Fact]
    public async Task After_a_kill_of_the_component_alone_it_is_not_ready_until_the_sidecar_starts_anew()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using (var client = new ComponentClient(component.Socket, "ps"))
        {
            await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
            using var pull = await PullClient.OpenAsync(client, "topic");
            await client.PublishAsync("topic", "1");
            await pull.NextAsync();
            await component.KillAsync();
        }

        await component.RestartAsync();
        using var admin = await AdminClient.OfAsync(component);
        using var after = new ComponentClient(component.Socket, "ps");
        await after.PublishAsync("topic", "2");

        var reasons = await admin.ReadinessAsync(HttpStatusCode.ServiceUnavailable, Patience);
        Assert.StartsWith(
            "pubsub.darq 'ps', topic 'topic': its sidecar had a stream open before this component restarted",
            Assert.Single(reasons),
            StringComparison.Ordinal
        );
        await after.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        Assert.Empty(await admin.ReadinessAsync(HttpStatusCode.OK, Patience));
    }

    [Fact]
    public async Task A_refused_stream_takes_readiness_away_until_it_is_opened()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        using var client = new ComponentClient(component.Socket, "ps");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var refused = await PullClient.OpenAsync(client, "topic", ("maxInFlight", "many"));
        await refused.EndAsync();

        var reasons = await admin.ReadinessAsync(HttpStatusCode.ServiceUnavailable, Patience);

        Assert.StartsWith("pubsub.darq 'ps', topic 'topic': its stream was refused: ", Assert.Single(reasons), StringComparison.Ordinal);
        using var opened = await PullClient.OpenAsync(client, "topic");
        Assert.Empty(await admin.ReadinessAsync(HttpStatusCode.OK, Patience));
    }

    [Fact]
    public async Task The_lanes_of_a_killed_component_are_counted_where_they_are_taken_over()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var first = await ComponentProcess.StartAsync();
        using var ofFirst = new ComponentClient(first.Socket, "ps");
        await ofFirst.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var pull = await PullClient.OpenAsync(ofFirst, "topic");
        await ofFirst.PublishAsync("topic", "1");
        await pull.NextAsync();
        await using var second = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(second);
        using var ofSecond = new ComponentClient(second.Socket, "ps");
        await ofSecond.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var other = await PullClient.OpenAsync(ofSecond, "topic");
        await admin.MetricAsync(value => value > 0, Patience, "darq_lanes_owned", "topic=topic");

        await first.KillAsync();

        await admin.MetricAsync(value => value > 0, Patience, "darq_lanes_taken_over_total", "topic=topic");
        await admin.MetricAsync(value => value == 64, Patience, "darq_lanes_owned", "topic=topic");
    }

    [Fact]
    public async Task A_second_component_on_the_address_starts_without_the_endpoint()
    {
        await using var first = await ComponentProcess.StartWithAdminAsync();
        var address = await first.AdminAsync();

        await using var second = await ComponentProcess.StartAsync(
            new Dictionary<string, string?> { ["DARQ_ADMIN_ADDRESS"] = address.Authority }
        );

        await second.Process.WaitForLineAsync($"There is no admin endpoint on {address.Authority} .*DARQ_ADMIN_ADDRESS", Patience);
        using var client = new ComponentClient(second.Socket, "any");
        await client.CallAsync("PubSub/Features", new FeaturesRequest(), FeaturesResponse.Parser);
    }

    [Fact]
    public async Task A_bad_address_is_refused_at_the_start()
    {
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string?>
        {
            ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = folder.FullPath,
            ["DARQ_ADMIN_ADDRESS"] = "9464",
        };

        await using var component = await ChildProcess.StartAsync(Repository.Component, [], environment);

        Assert.Equal(1, await component.WaitForExitAsync(Patience));
        Assert.Contains(
            component.Output.All,
            line => line.Contains("DARQ_ADMIN_ADDRESS: \"9464\" is not accepted", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task No_service_of_Dapr_is_reached_over_it()
    {
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        var ping = new Uri("dapr.proto.components.v1.PubSub/Ping", UriKind.Relative);
        using var content = new ByteArrayContent(new byte[5]);
        content.Headers.ContentType = new("application/grpc");

        using var posted = await admin.Http.PostAsync(ping, content);
        using var asked = await admin.Http.GetAsync(ping);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, HttpStatusCode.NotFound), (posted.StatusCode, asked.StatusCode));
        using var request = new HttpRequestMessage(HttpMethod.Post, ping)
        {
            Content = new ByteArrayContent(new byte[5]),
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await Assert.ThrowsAsync<HttpRequestException>(() => admin.Http.SendAsync(request));
    }

    [Fact]
    public async Task It_shows_neither_passwords_nor_payloads()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Password = Password });
        await using var component = await ComponentProcess.StartWithAdminAsync();
        using var admin = await AdminClient.OfAsync(component);
        using var client = new ComponentClient(component.Socket, "ps");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("redisPassword", Password), ("consumerID", "app"));
        using var pull = await PullClient.OpenAsync(client, "topic");
        await client.PublishAsync("topic", "precious-payload", ("partitionKey", "precious-key"));
        await pull.NextAsync();

        foreach (var path in (string[])["healthz", "readyz", "metrics"])
        {
            var text = await admin.Http.GetStringAsync(new Uri(path, UriKind.Relative));
            Assert.DoesNotContain(Password, text, StringComparison.Ordinal);
            Assert.DoesNotContain("precious", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Metrics_go_to_the_collector_that_the_standard_variable_names()
    {
        using var collector = new HttpListener();
        var address = $"http://127.0.0.1:{FreePort.Next()}/";
        collector.Prefixes.Add(address);
        collector.Start();
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync(
            new Dictionary<string, string?>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
            }
        );
        using var client = new ComponentClient(component.Socket, "st");
        await client.InitStateAsync(("redisHost", redis.Host));

        await component.Process.WaitForLineAsync("OTEL_EXPORTER_OTLP_ENDPOINT", Patience);
        await Eventually.TrueAsync(
            async () => (await NextAsync(collector)).Contains("darq.connected", StringComparison.Ordinal),
            Patience,
            "the metrics of the namespace came"
        );
    }

    private static async Task<string> NextAsync(HttpListener collector)
    {
        var call = await collector.GetContextAsync().WaitAsync(Patience);
        using var reader = new StreamReader(call.Request.InputStream, System.Text.Encoding.Latin1);
        var body = await reader.ReadToEndAsync();
        call.Response.Close();
        return body;
    }
}

using System.Diagnostics;
using Darq.Protos;
using Darq.Tests.Shared;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Grpc.Health.V1;
using Xunit;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Darq.Tests.Contract;

/// <summary>Start, stop, death and return of the component, each test with a process of its own.</summary>
[Trait("Lane", "Slow")]
public sealed class LifecycleTests
{
    private const string Password = "hunter2-very-secret";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_start_line_names_socket_mode_owner_and_services()
    {
        await using var component = await ComponentProcess.StartAsync();
        var line = await component.Process.WaitForLineAsync("Listening on", Patience);
        Assert.NotNull(line);
        var text = component.Process.Output.All.Single(output => output.Contains("Listening on", StringComparison.Ordinal));
        Assert.Matches(
            $@"{component.Socket} \(mode 0660, \d+:\d+\) with PubSub, StateStore, TransactionalStateStore, TransactionalStoreMultiMaxSize, InputBinding, OutputBinding$",
            text
        );
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite,
            File.GetUnixFileMode(component.Socket)
        );
    }

    [Fact]
    public async Task A_terminated_component_ends_well_and_leaves_no_socket()
    {
        await using var component = await ComponentProcess.StartAsync();
        component.Process.Signal(Signal.Term);
        Assert.Equal(0, await component.Process.WaitForExitAsync(Patience));
        Assert.False(File.Exists(component.Socket));
    }

    [Fact]
    public async Task A_second_component_on_the_socket_refuses_to_start_and_leaves_the_first_alone()
    {
        await using var component = await ComponentProcess.StartAsync();
        var environment = new Dictionary<string, string?> { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = component.SocketsFolder };
        await using var second = await ChildProcess.StartAsync(Repository.Component, [], environment);

        Assert.Equal(1, await second.WaitForExitAsync(Patience));
        Assert.Contains(second.Output.All, line => line.Contains("Another component is listening on", StringComparison.Ordinal));
        using var client = new ComponentClient(component.Socket, "any");
        await client.CallAsync("PubSub/Features", new FeaturesRequest(), FeaturesResponse.Parser);
    }

    [Fact]
    public async Task After_a_kill_unary_calls_go_on_without_Init_and_one_warning_tells_of_subscriptions()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using (var client = new ComponentClient(component.Socket, "st"))
        {
            await client.InitStateAsync(("redisHost", redis.Host));
            await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
            await client.CallAsync(
                "StateStore/Set",
                new SetRequest { Key = "k", Value = ByteString.CopyFromUtf8("1") },
                SetResponse.Parser
            );
        }

        await component.RestartAsync();
        using var after = new ComponentClient(component.Socket, "st");
        Assert.Equal("1", (await after.CallAsync("StateStore/Get", new GetRequest { Key = "k" }, GetResponse.Parser)).Data.ToStringUtf8());
        await after.PublishAsync("topic", "{}");
        await component.Process.WaitForLineAsync("Brought back StateStore 'st'", Patience);
        Assert.Single(
            component.Process.Output.All,
            line => line.Contains("subscriptions and input bindings come back only when it restarts", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task After_a_kill_a_sidecar_that_starts_anew_gets_its_messages()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using (var client = new ComponentClient(component.Socket, "ps"))
        {
            await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
            using var pull = await PullClient.OpenAsync(client, "topic");
            await client.PublishAsync("topic", "{}");
            await pull.NextAsync();
            await component.KillAsync();
        }

        await component.RestartAsync();
        using var after = new ComponentClient(component.Socket, "ps");
        await after.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var again = await PullClient.OpenAsync(after, "topic");
        await again.NextAsync();
    }

    [Fact]
    public async Task Secrets_are_neither_kept_nor_logged_and_a_restart_asks_for_them_by_name()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Password = Password });
        await using var component = await ComponentProcess.StartAsync();
        using (var client = new ComponentClient(component.Socket, "st"))
        {
            await client.InitStateAsync(("redisHost", redis.Host), ("redisPassword", Password));
        }

        foreach (var file in Directory.EnumerateFiles(component.SocketsFolder, "*.json", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(Password, await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(component.Process.Output.All, line => line.Contains(Password, StringComparison.Ordinal));

        await component.RestartAsync();
        using var after = new ComponentClient(component.Socket, "st");
        var refused = await after.RefusalAsync("StateStore/Get", new GetRequest { Key = "k" });
        Assert.Equal(GrpcCode.FailedPrecondition, refused.Code);
        Assert.Contains("Set DARQ_ST_REDIS_PASSWORD or DARQ_ST_REDIS_PASSWORD_FILE", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_restart_a_secret_comes_from_its_file()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Password = Password });
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string?> { ["DARQ_REDIS_PASSWORD_FILE"] = folder.Write("password", Password + "\n") };
        await using var component = await ComponentProcess.StartAsync(environment);
        using (var client = new ComponentClient(component.Socket, "st"))
        {
            await client.InitStateAsync(("redisHost", redis.Host), ("redisPassword", Password));
        }

        await component.RestartAsync();
        using var after = new ComponentClient(component.Socket, "st");
        await after.CallAsync("StateStore/Get", new GetRequest { Key = "k" }, GetResponse.Parser);
    }

    [Fact]
    public async Task A_wrong_password_fails_Init_with_the_setting_to_change()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Password = Password });
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "st");
        var refused = await client.RefusalAsync(
            "StateStore/Init",
            new InitRequest { Metadata = ComponentClient.Metadata(("redisHost", redis.Host), ("redisPassword", "wrong")) }
        );
        Assert.Equal(GrpcCode.FailedPrecondition, refused.Code);
        Assert.Contains("redisPassword", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_outlives_Redis_and_delivers_when_it_is_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "ps");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var pull = await PullClient.OpenAsync(client, "topic");
        await client.PublishAsync("topic", """{"n":1}""");
        await pull.AckAsync((await pull.NextAsync()).Id);

        await redis.KillAsync();
        await Eventually.TrueAsync(
            async () => (await client.RefusalAsync("PubSub/Ping", new PingRequest())).Code == GrpcCode.Unavailable,
            Patience,
            "calls answer Unavailable without Redis"
        );
        Assert.Null(pull.Status);
        await redis.RestartAsync();
        await Eventually.TrueAsync(
            async () => (await client.RefusalAsync("PubSub/Ping", new PingRequest())).IsOK,
            Patience,
            "Redis is back"
        );
        await client.PublishAsync("topic", """{"n":2}""");
        while (true)
        {
            // What was acknowledged just before the kill may come once more.
            var delivery = await pull.NextAsync();
            await pull.AckAsync(delivery.Id);
            if (delivery.Data.ToStringUtf8().Contains("\"n\":2", StringComparison.Ordinal))
            {
                break;
            }
        }
    }

    [Fact]
    public async Task Readiness_follows_Redis()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "st");
        await client.InitStateAsync(("redisHost", redis.Host));
        await Eventually.TrueAsync(async () => await HealthAsync(component) == ServingStatus.Serving, Patience, "ready with Redis");

        await redis.KillAsync();
        await Eventually.TrueAsync(
            async () => await HealthAsync(component) == ServingStatus.NotServing,
            Patience,
            "not ready without Redis"
        );
        await redis.RestartAsync();
        await Eventually.TrueAsync(async () => await HealthAsync(component) == ServingStatus.Serving, Patience, "ready again");
    }

    [Fact]
    public async Task A_stopping_component_waits_for_handlers_and_takes_their_answers()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "ps");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var pull = await PullClient.OpenAsync(client, "topic");
        await client.PublishAsync("topic", "{}");
        var delivery = await pull.NextAsync();

        component.Process.Signal(Signal.Term);
        await component.Process.WaitForLineAsync("Stopping", Patience);
        await client.PublishAsync("topic", """{"from":"the handler"}""");
        await pull.AckAsync(delivery.Id);
        Assert.Equal(GrpcCode.Unavailable, (await pull.EndAsync()).Code);
        Assert.Equal(0, await component.Process.WaitForExitAsync(Patience));

        await component.RestartAsync();
        using var after = new ComponentClient(component.Socket, "ps");
        await after.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var again = await PullClient.OpenAsync(after, "topic");
        Assert.Contains("the handler", (await again.NextAsync()).Data.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_while_Redis_is_silent_takes_no_longer_with_several_namespaces()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        var (clients, pulls) = (new List<ComponentClient>(), new List<PullClient>());
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            var client = new ComponentClient(component.Socket, name);
            clients.Add(client);
            await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"), ("namespace", name));
            var pull = await PullClient.OpenAsync(client, "topic");
            pulls.Add(pull);
            await client.PublishAsync("topic", "{}");
            await pull.NextAsync();
        }

        redis.Pause();
        var clock = Stopwatch.StartNew();
        component.Process.Signal(Signal.Term);
        Assert.Equal(0, await component.Process.WaitForExitAsync(Patience));
        // One namespace takes about 12 s, five of them for the handlers; one after the other, four took over 25.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));

        pulls.ForEach(pull => pull.Dispose());
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_publish_without_an_answer_and_its_repetition_after_another_Init_are_one_message()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "ps");
        (string, string)[] settings = [("redisHost", redis.Host), ("consumerID", "app"), ("callTimeout", "1s")];
        await client.InitPubSubAsync(settings);
        using var pull = await PullClient.OpenAsync(client, "topic");
        redis.Pause();
        var refused = await client.RefusalAsync(
            "PubSub/Publish",
            new PublishRequest { Topic = "topic", Data = ByteString.CopyFromUtf8("1") }
        );
        Assert.Contains("whether the request took or will take effect is unknown", refused.Message, StringComparison.Ordinal);
        redis.Resume();

        await client.InitPubSubAsync([.. settings, ("maxInFlight", "3")]);
        await client.PublishAsync("topic", "1");

        await pull.AckAsync((await pull.NextAsync()).Id);
        Assert.True(await pull.IsQuietAsync(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_handler_that_never_answers_delays_the_stop_by_seconds_only()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "ps");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "app"));
        using var pull = await PullClient.OpenAsync(client, "topic");
        await client.PublishAsync("topic", "{}");
        await pull.NextAsync();

        var clock = Stopwatch.StartNew();
        component.Process.Signal(Signal.Term);
        Assert.Equal(0, await component.Process.WaitForExitAsync(Patience));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(12));
    }

    private static async Task<ServingStatus> HealthAsync(ComponentProcess component)
    {
        using var channel = new SocketChannel(component.Socket);
        var response = await channel.UnaryAsync("grpc.health.v1.Health/Check", new HealthCheckRequest(), HealthCheckResponse.Parser);
        return response.Status;
    }
}

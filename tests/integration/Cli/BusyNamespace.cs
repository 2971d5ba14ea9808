using System.Collections.Concurrent;
using Darq.Engine.Redis;
using Darq.Tests.Contract;
using Darq.Tests.Shared;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Tests.Integration.Cli;

/// <summary>A real component on a real Redis, with an app that acks whatever it gets and publishers that do not give up.</summary>
internal sealed class BusyNamespace : IAsyncDisposable
{
    public const string Topic = "orders";
    public const string Group = "billing";

    private const int Partitions = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, bool> _received = new();
    private readonly ComponentClient _client;
    private readonly PullClient _app;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _pump;

    private BusyNamespace(RedisServer redis, ComponentProcess component, ComponentClient client, PullClient app)
    {
        (Redis, Component, _client, _app) = (redis, component, client, app);
        _pump = PumpAsync();
    }

    public RedisServer Redis { get; }

    public ComponentProcess Component { get; }

    public IReadOnlyCollection<string> Received => [.. _received.Keys];

    public static async Task<BusyNamespace> StartAsync(Darq.Tests.Shared.RedisOptions? options = null)
    {
        var redis = await RedisServer.StartAsync(options);
        if (options is { Cluster: true })
        {
            await redis.CliAsync("CLUSTER", "ADDSLOTSRANGE", "0", $"{PartitionTag.Slots - 1}");
        }

        var component = await ComponentProcess.StartAsync();
        var client = new ComponentClient(component.Socket, "bank");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("partitions", $"{Partitions}"), ("consumerID", Group));
        return new(redis, component, client, await PullClient.OpenAsync(client, Topic));
    }

    public static string Key(int partition, string rest) => $"{PartitionTag.Of("darq", partition, Partitions)}:{rest}";

    /// <summary>Publishes messages, each until it is accepted, as a publisher does that gives it an id.</summary>
    public Task PublishAsync(string name, int count) => Task.WhenAll(Enumerable.Range(0, count).Select(i => PublishAsync($"{name}{i}")));

    /// <summary>Waits until the app got all messages of a name.</summary>
    public Task GotAsync(string name, int count) =>
        Eventually.TrueAsync(
            () => Enumerable.Range(0, count).All(i => _received.ContainsKey($"{name}{i}")),
            Patience,
            $"the app got {count} messages {name}"
        );

    /// <summary>Waits until Redis has the acks of all messages.</summary>
    public Task SettledAsync() =>
        Eventually.TrueAsync(
            async () =>
            {
                foreach (var partition in Enumerable.Range(0, Partitions))
                {
                    if (await Redis.CliAsync("XLEN", Key(partition, $"t:{Topic}")) != "0")
                    {
                        return false;
                    }
                }

                return true;
            },
            Patience,
            "the streams are empty"
        );

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _app.Dispose();
        _client.Dispose();
        await _pump;
        await Component.DisposeAsync();
        await Redis.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task PublishAsync(string id)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _client.PublishAsync(Topic, id, ("darq.id", id));
                return;
            }
            catch (GrpcCallException) when (!_stopping.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private async Task PumpAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var delivery = await _app.NextAsync();
                await _app.AckAsync(delivery.Id);
                _received[delivery.Data.ToStringUtf8()] = true;
            }
            catch (Exception) when (_stopping.IsCancellationRequested) { }
            catch (TimeoutException)
            {
                // Nothing came for a while.
            }
        }
    }
}

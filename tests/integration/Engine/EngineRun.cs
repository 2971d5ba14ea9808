using System.Text;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>One component process as far as the engine goes: a primary with its surfaces, on a real Redis.</summary>
internal sealed class EngineRun : IAsyncDisposable
{
    public static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    /// <summary>Silent, unless DARQ_TEST_LOG asks to see what the engine says.</summary>
    private static readonly ILoggerFactory Logs = Environment.GetEnvironmentVariable("DARQ_TEST_LOG") is null
        ? NullLoggerFactory.Instance
        : LoggerFactory.Create(logging =>
            logging.AddSimpleConsole(console => console.TimestampFormat = "HH:mm:ss.fff ").SetMinimumLevel(LogLevel.Debug)
        );

    public EngineRun(int port, NamespaceOptions? options = null, string? password = null, string? username = null)
        : this(
            new Darq.Engine.Redis.RedisOptions
            {
                Host = "127.0.0.1",
                Port = port,
                Username = username,
                Password = password,
            },
            options
        )
    { }

    public EngineRun(Darq.Engine.Redis.RedisOptions redis, NamespaceOptions? options = null)
    {
        Options = options ?? new NamespaceOptions();
        Redis = new(new RedisClient(redis, TimeProvider.System));
        Primary = new(Redis, Options, TimeProvider.System, Random.Shared, Logs);
        Subscriptions = new(Primary, TimeProvider.System, Random.Shared, Logs);
        Publisher = new(Primary, Options);
        State = new(Primary, Options);
        StepExecutor = new(Primary, Subscriptions, Options, TimeProvider.System, Random.Shared, Logs.CreateLogger("Darq.Engine.Steps"));
    }

    public NamespaceOptions Options { get; }

    public WatchedRedis Redis { get; }

    public Primary Primary { get; }

    public SubscriptionTable Subscriptions { get; }

    public Publisher Publisher { get; }

    public StateStore State { get; }

    public StepExecutor StepExecutor { get; }

    public static async Task<EngineRun> StartAsync(int port, NamespaceOptions? options = null)
    {
        var run = new EngineRun(port, options);
        Assert.True(await run.Primary.ConnectAsync(TimeSpan.FromSeconds(10), default), "Redis was not reached");
        return run;
    }

    public async Task<Published> PublishAsync(string topic, string data, params (string Name, string Value)[] metadata) =>
        (
            await Publisher.PublishAsync(
                topic,
                [new(Encoding.UTF8.GetBytes(data), metadata.ToDictionary(m => m.Name, m => m.Value))],
                default
            )
        )[0];

    public async Task SaveAsync(string key, string value) =>
        await State.ApplyAsync(new(StateChange.Upsert, new(key)) { Value = Encoding.UTF8.GetBytes(value) }, default);

    public async Task<string?> ReadAsync(string key)
    {
        var value = (await State.GetAsync([new(key)], default))[0];
        return value.ETag is null ? null : Encoding.UTF8.GetString(value.Data.Span);
    }

    public async ValueTask DisposeAsync()
    {
        await Subscriptions.DisposeAsync();
        await Primary.DisposeAsync();
    }
}

/// <summary>An app behind a stream: collects deliveries, and answers each as it is told.</summary>
internal sealed class Inbox : IDeliverySink
{
    private readonly System.Threading.Channels.Channel<Delivery> _deliveries =
        System.Threading.Channels.Channel.CreateUnbounded<Delivery>();

    public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation) =>
        await _deliveries.Writer.WriteAsync(delivery, cancellation);

    public async Task<Delivery> NextAsync(int seconds = 10)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        return await _deliveries.Reader.ReadAsync(patience.Token);
    }

    public async Task<bool> StaysEmptyAsync(TimeSpan time)
    {
        using var patience = new CancellationTokenSource(time);
        try
        {
            await _deliveries.Reader.WaitToReadAsync(patience.Token);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    public static string Header(Delivery delivery, string name) => delivery.Metadata.Single(entry => entry.Key == name).Value;

    public static string Text(Delivery delivery) => Encoding.UTF8.GetString(delivery.Data.Span);
}

using Darq.Component.Admin;
using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Telemetry;
using Darq.Tests.Shared;
using Darq.Tests.Unit.Connection;
using Darq.Tests.Unit.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Admin;

public sealed class ReadinessTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly AwayRedis _redis = new();
    private readonly EnginePool _engines;
    private readonly StreamRegister _streams;
    private readonly SocketWatch _socket;
    private readonly Readiness _readiness;

    public ReadinessTests()
    {
        _engines = new(_ => _redis, _time, new Random(1), NullLoggerFactory.Instance);
        var socket = new SocketOptions(_folder.FullPath, "darq.sock", default);
        _streams = new(new(socket), NullLogger<StreamRegister>.Instance);
        _socket = new(socket, NullLogger<SocketWatch>.Instance);
        _readiness = new(_engines, _streams, _socket, new Lifetime(_stopping.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _engines.DisposeAsync();
        _stopping.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Without_engines_and_streams_it_is_ready() => Assert.True(_readiness.Report().Ready);

    [Fact]
    public void A_Redis_that_never_answered_is_named_with_host_and_reason()
    {
        _redis.WhyAway = "connection refused";
        Rent();

        var report = _readiness.Report();

        Assert.False(report.Ready);
        const string Why = "UNAVAILABLE: No Redis has answered at stub:6379 since start (connection refused); check redisHost.";
        Assert.Equal([$"namespace 'readiness': {Why}"], report.Reasons);
        const string AtRisk = "whatever Redis has not written to its disk";
        Assert.Equal([new("readiness", "stub:6379", false, Why, "reply", AtRisk, null)], report.Namespaces);
    }

    [Fact]
    public async Task A_call_hears_the_same()
    {
        _redis.WhyAway = "connection refused";

        var refused = await Assert.ThrowsAsync<DarqException>(() => Rent().Primary.PingAsync(default));

        Assert.Equal("UNAVAILABLE: No Redis has answered at stub:6379 since start (connection refused); check redisHost.", refused.Message);
    }

    [Fact]
    public void A_lost_stream_is_named_with_component_instance_and_topic()
    {
        _streams.Recall([new(default, ComponentService.PubSub, "bank", new Dictionary<string, string>(), []) { Topics = ["orders"] }]);

        var report = _readiness.Report();

        Assert.Equal(
            [
                "pubsub.darq 'bank', topic 'orders': its sidecar had a stream open before this component restarted, and opens none again; "
                    + "restart the sidecar",
            ],
            report.Reasons
        );
        Assert.Equal(
            ("pubsub.darq", "bank", "orders"),
            (report.LostStreams[0].Component, report.LostStreams[0].Instance, report.LostStreams[0].Topic)
        );
    }

    [Fact]
    public void A_subscription_stands_in_it_with_its_numbers()
    {
        Rent().Subscriptions.Attach("g", "t", new SubscriptionOptions(), new Inbox());

        Assert.Equal([new("readiness", "g", "t", 1, 0, 0, 0, null)], _readiness.Report().Subscriptions);
    }

    [Fact]
    public void A_socket_whose_file_is_gone_ends_readiness_and_liveness()
    {
        var file = _folder.Write("darq.sock", "");
        _socket.Begin();
        _socket.Look();
        Assert.True(_readiness.Report().Ready);
        File.Delete(file);

        _socket.Look();

        var why = $"the socket {file} was removed, so that no sidecar that starts from now on finds this component; restart the component";
        Assert.Equal([why], _readiness.Report().Reasons);
        Assert.Contains(why, Liveness.Report(_socket).Reasons);
        Assert.False(Liveness.Report(_socket).Alive);
    }

    [Fact]
    public async Task A_stopping_component_is_not_ready()
    {
        await _stopping.CancelAsync();

        Assert.Equal(["the component is stopping"], _readiness.Report().Reasons);
    }

    [Fact]
    public async Task A_loop_that_died_ends_the_liveness()
    {
        Assert.DoesNotContain(Liveness.Report(_socket).Reasons, reason => reason.Contains("ReadinessTests", StringComparison.Ordinal));
        var time = new TimerProbe();
        await using var loop = new SupervisedLoop(
            "loop of ReadinessTests",
            _ => throw new RedisUnavailableException("away"),
            time,
            new RecordedLog()
        )
        {
            Report = (_, _) => throw new InvalidOperationException("a fault in the handling of a fault"),
        };
        loop.Start();
        await Eventually.TrueAsync(() => loop.IsDead, TimeSpan.FromSeconds(20), "the loop has ended");

        var report = Liveness.Report(_socket);

        Assert.False(report.Alive);
        Assert.Contains("loop 'loop of ReadinessTests' has ended on a fault inside the component; restart the pod", report.Reasons);
    }

    private SharedEngine Rent() =>
        _engines
            .Rent(new Darq.Engine.Redis.RedisOptions { Host = "stub" }, new NamespaceOptions { Name = "readiness", Partitions = 1 })
            .Engine;

    private sealed class Lifetime(CancellationToken stopping) : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => stopping;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication() => throw new NotSupportedException();
    }

    private sealed class AwayRedis : StubRedis
    {
        public override bool Connected => false;

        public override Task<ServerDescription> DescribeAsync(CancellationToken cancellation) =>
            throw new RedisUnavailableException("not connected");
    }

    private sealed class Inbox : IDeliverySink
    {
        public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation) => ValueTask.CompletedTask;
    }
}

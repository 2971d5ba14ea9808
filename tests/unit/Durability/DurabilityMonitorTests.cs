using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;
using Darq.Tests.Unit.Batching;
using Darq.Tests.Unit.Connection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Durability;

/// <summary>Whose level is put in force. A server that took over may have lost what somebody waits for, and lets nobody go.</summary>
public sealed class DurabilityMonitorTests : IAsyncDisposable
{
    private static readonly DurabilityRung Replicated = new(new(DurabilityKind.Replicated, 1), "nothing");
    private static readonly DurabilityRung Reply = new(new(DurabilityKind.Reply), "all");

    private readonly DescribedRedis _redis = new();
    private readonly FakeLink _link = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Watermark _watermark;
    private readonly DurabilityMonitor _monitor;

    public DurabilityMonitorTests()
    {
        var counters = new NamespaceCounters(new("ns"));
        _watermark = new(_redis, _link, new(1), new("ns", 1), _time, NullLogger.Instance, counters);
        _monitor = new(
            _redis,
            _link,
            new(),
            _watermark,
            new(_redis, new("ns", 1), new(), _watermark, NullLogger.Instance),
            _time,
            NullLogger.Instance,
            counters
        );
        _watermark.Set(Replicated);
    }

    public async ValueTask DisposeAsync()
    {
        await _monitor.DisposeAsync();
        await _watermark.DisposeAsync();
    }

    [Fact]
    public async Task Level_of_another_server_than_was_asked_for_is_not_taken()
    {
        _redis.Facts = new() { ReplicationId = "r2" };

        await Assert.ThrowsAsync<RedisUnavailableException>(() => _monitor.AskAsync("r1", default));
    }

    [Theory]
    [InlineData("r1", DurabilityKind.Reply)]
    [InlineData("r2", DurabilityKind.Replicated)]
    public void Only_the_level_of_the_server_of_the_last_handshake_comes_into_force(string replicationId, object kind)
    {
        _monitor.Apply(new(replicationId, Reply, null));

        Assert.Equal((DurabilityKind)kind, _watermark.Rung.Level.Kind);
    }

    [Fact]
    public async Task Auto_counts_the_replicas_that_follow()
    {
        _redis.Facts = new()
        {
            ReplicationId = "r1",
            AppendOnly = true,
            Replicas = [new("a:1", Follows: true), new("b:1", Follows: true)],
        };

        Assert.Equal("replicated:2", (await _monitor.AskAsync("r1", default)).Rung.Level.ToString());
    }

    [Fact]
    public async Task Auto_trusts_no_disk_alone_once_there_were_replicas()
    {
        var alone = new DurabilityFacts
        {
            ReplicationId = "r1",
            AppendOnly = true,
            AppendFsync = "always",
        };
        _redis.Facts = alone;
        Assert.Equal("fsync", (await _monitor.AskAsync("r1", default)).Rung.Level.ToString());
        _redis.Facts = alone with { Replicas = [new("a:1", Follows: true)] };
        Assert.Equal("replicated:1", (await _monitor.AskAsync("r1", default)).Rung.Level.ToString());
        _redis.Facts = alone;
        Assert.Equal("reply", (await _monitor.AskAsync("r1", default)).Rung.Level.ToString());
        _redis.Facts = alone with { ReplicationId = "r2" };
        Assert.Equal("fsync", (await _monitor.AskAsync("r2", default)).Rung.Level.ToString());
    }

    [Theory]
    [InlineData("r1", "a:1", "reply")]
    [InlineData("r2", "a:1", "replicated:1")]
    [InlineData("r1", "b:1", "replicated:1")]
    public async Task Auto_forgets_that_replicas_did_not_confirm_once_there_are_others(string server, string replica, string level)
    {
        _redis.Facts = With("r1", "a:1");
        await _monitor.AskAsync("r1", default);
        _watermark.Hold("so that it is stalled");
        _time.Advance(TimeSpan.FromSeconds(2));
        _monitor.OnStalled(0);

        _redis.Facts = With(server, replica);
        Assert.Equal(level, (await _monitor.AskAsync(server, default)).Rung.Level.ToString());

        static DurabilityFacts With(string server, string replica) =>
            new()
            {
                ReplicationId = server,
                AppendOnly = true,
                Replicas = [new(replica, Follows: true)],
            };
    }

    private sealed class DescribedRedis : StubRedis
    {
        public DurabilityFacts Facts { get; set; } = new();

        public override Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation) =>
            Task.FromResult(Facts);

        public override async Task<Confirmation> ConfirmAsync(
            FunctionCall tick,
            int replicas,
            bool onDisk,
            TimeSpan within,
            CancellationToken cancellation
        )
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return default;
        }
    }
}

using System.Text;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Connection;

/// <summary>Nobody but the handshake loop makes a handshake again, so that nothing may end it.</summary>
public sealed class HandshakeLoopTests
{
    [Fact]
    public async Task A_fault_that_nobody_foresaw_is_followed_by_another_try()
    {
        var time = new FakeTimeProvider();
        await using var primary = new Primary(
            new OnceFaultyRedis(),
            new NamespaceOptions { Partitions = 1 },
            time,
            new Random(1),
            NullLoggerFactory.Instance
        );

        var handshake = primary.ConnectAsync(TimeSpan.FromSeconds(20), default);

        await Eventually.TrueAsync(
            () => Passed(time) && handshake.IsCompleted,
            TimeSpan.FromSeconds(20),
            "handshake is made once time has passed"
        );
        Assert.True(await handshake);
    }

    [Fact]
    public async Task A_session_that_is_given_up_during_its_handshake_is_replaced()
    {
        await using var primary = new Primary(
            new OnceFaultyRedis(faults: 0),
            new NamespaceOptions { Partitions = 1 },
            TimeProvider.System,
            new Random(1),
            NullLoggerFactory.Instance
        );
        Assert.True(await primary.ConnectAsync(TimeSpan.FromSeconds(20), default));
        var sessions = new List<string>();
        primary.OnHandshake(
            (session, _, _) =>
            {
                sessions.Add(session.Id);
                if (sessions.Count == 1)
                {
                    primary.Invalidate(Invalidation.SessionGone);
                }

                return Task.CompletedTask;
            }
        );

        primary.Invalidate(Invalidation.NeedsRecovery);
        await Eventually.TrueAsync(() => sessions.Count >= 2, TimeSpan.FromSeconds(20), "another handshake is made");

        Assert.NotEqual(sessions[0], sessions[1]);
    }

    [Fact]
    public async Task A_loss_that_a_handshake_did_not_tell_to_all_because_it_failed_is_told_by_the_next()
    {
        await using var primary = new Primary(
            new OnceFaultyRedis(faults: 0),
            new NamespaceOptions { Partitions = 1 },
            TimeProvider.System,
            new Random(1),
            NullLoggerFactory.Instance
        );
        Assert.True(await primary.ConnectAsync(TimeSpan.FromSeconds(20), default));
        var told = new List<bool>();
        primary.OnHandshake(
            (_, lost, _) =>
            {
                told.Add(lost);
                return told.Count == 1 ? throw new RedisUnavailableException("gone again") : Task.CompletedTask;
            }
        );
        primary.Applied.Note(0, new(5, 10));

        primary.Invalidate(Invalidation.NeedsRecovery);
        await Eventually.TrueAsync(() => told.Count >= 2, TimeSpan.FromSeconds(20), "another handshake is made");
        primary.Invalidate(Invalidation.NeedsRecovery);
        await Eventually.TrueAsync(() => told.Count >= 3, TimeSpan.FromSeconds(20), "and one that finds nothing lost");

        Assert.Equal([true, true, false], told.Take(3));
    }

    [Fact]
    public async Task What_is_applied_while_a_handshake_runs_is_no_loss_and_breaks_no_promise()
    {
        var redis = new OnceFaultyRedis(faults: 0)
        {
            Facts = new() { AppendOnly = true, AppendFsync = "always" },
        };
        await using var primary = new Primary(
            redis,
            new NamespaceOptions { Partitions = 1, Durability = new(DurabilityKind.Fsync) },
            TimeProvider.System,
            new Random(1),
            NullLoggerFactory.Instance
        );
        Assert.True(await primary.ConnectAsync(TimeSpan.FromSeconds(20), default));
        var told = new List<bool>();
        primary.OnHandshake(
            (_, lost, _) =>
            {
                told.Add(lost);
                return Task.CompletedTask;
            }
        );
        // Sent by a caller that had found the primary ready, and executed after the recovery had looked at the positions.
        redis.Opening = () => primary.Applied.Note(0, new(5, 10));

        primary.Invalidate(Invalidation.Reconnected);
        await Eventually.TrueAsync(() => told.Count >= 1, TimeSpan.FromSeconds(20), "another handshake is made");

        Assert.Equal([false], told);
        Assert.False(primary.IsHeld);
        Assert.True(primary.Applied.IsDurable(0, new(5, 10)));
    }

    [Theory]
    [InlineData("NOREPLICAS")]
    [InlineData("MISCONF")]
    public async Task A_server_that_refuses_writes_for_a_while_is_waited_for(string code)
    {
        var redis = new OnceFaultyRedis(faults: 0) { Refusal = code };
        await using var primary = new Primary(
            redis,
            new NamespaceOptions { Partitions = 1 },
            TimeProvider.System,
            new Random(1),
            NullLoggerFactory.Instance
        );
        await Eventually.TrueAsync(() => redis.Refused >= 2, TimeSpan.FromSeconds(4), "the handshake is tried again soon");

        Assert.False(await primary.ConnectAsync(TimeSpan.FromMilliseconds(10), default));
        Assert.StartsWith("UNAVAILABLE", primary.Status.Why, StringComparison.Ordinal);
        Assert.Contains(code, primary.Status.Why, StringComparison.Ordinal);
        redis.Refusal = null;
        Assert.True(await primary.ConnectAsync(TimeSpan.FromSeconds(4), default));
    }

    /// <summary>Turns the clock by a little. Called again and again, because the timer it is for may not be set yet.</summary>
    private static bool Passed(FakeTimeProvider time)
    {
        time.Advance(TimeSpan.FromMilliseconds(10));
        return true;
    }

    /// <summary>A server that is fine, behind a client that fails in its own way the first time.</summary>
    private sealed class OnceFaultyRedis(int faults = 1) : StubRedis
    {
        private int _asked;
        private int _refused;

        /// <summary>Runs when a session is opened, which comes after the recovery.</summary>
        public Action? Opening { get; set; }

        /// <summary>The error with which it refuses writes; null where it takes them.</summary>
        public string? Refusal { get; set; }

        public DurabilityFacts Facts { get; init; } = new();

        public int Refused => Volatile.Read(ref _refused);

        public override Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation) =>
            Task.FromResult(Facts);

        public override Task<ServerDescription> DescribeAsync(CancellationToken cancellation) =>
            Interlocked.Increment(ref _asked) <= faults
                ? throw new InvalidOperationException("A fault of the client's own.")
                : Task.FromResult(ServerDescriptions.Parse("redis_version:7.0.15"));

        public override Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
        {
            if (Refusal is { } code && !call.ReadOnly)
            {
                Interlocked.Increment(ref _refused);
                throw new RedisRefusedException(code, $"{code} not now");
            }

            if (call.Function == "darq2_open")
            {
                Opening?.Invoke();
            }

            return Task.FromResult(
                call.Function switch
                {
                    "darq2_build" => Text($"{FunctionLibrary.Build}"),
                    "darq2_namespace" => RedisReply.Of([Text("1"), Text(Handshake.Format), Text("identity"), Text("")]),
                    "darq2_promise" or "darq2_promised" => RedisReply.Of([Text("0"), Text("0")]),
                    "darq2_recover" => RedisReply.Of([Text("OK"), Text("5"), Text("boot"), Text("1"), Text("5-0")]),
                    _ => Text("0"),
                }
            );
        }

        private static RedisReply Text(string text) => RedisReply.Of(Encoding.UTF8.GetBytes(text));
    }
}

using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;
using Darq.Tests.Shared;
using Darq.Tests.Unit.Batching;
using Darq.Tests.Unit.Connection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Durability;

/// <summary>When a wait for durability ends, and how.</summary>
public sealed class WatermarkTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly DurabilityRung Replicated = new(new(DurabilityKind.Replicated, 2), "nothing");

    private readonly ConfirmingRedis _redis = new();
    private readonly FakeLink _link = new();
    private readonly AppliedPositions _applied = new(1);
    private readonly FakeTimeProvider _time = new();
    private readonly NamespaceCounters _counters = new(new("ns"));
    private readonly Watermark _watermark;

    public WatermarkTests() => _watermark = new(_redis, _link, _applied, new("ns", 1), _time, NullLogger.Instance, _counters);

    public ValueTask InitializeAsync()
    {
        _watermark.Set(Replicated);
        return default;
    }

    public ValueTask DisposeAsync() => _watermark.DisposeAsync();

    [Fact]
    public async Task Wait_ends_with_a_round_that_enough_replicas_confirm()
    {
        _applied.Note(0, new(1, 7));
        var wait = WaitAsync();
        (await _redis.NextAsync()).Confirm("r1", 2);

        Assert.True(await wait);
        Assert.True(_applied.IsDurable(0, new(1, 7)));
        Assert.Equal(1, _counters.DurabilityRounds.Value);
    }

    [Fact]
    public async Task Round_that_has_begun_says_nothing_of_what_comes_later()
    {
        var first = WaitAsync();
        var round = await _redis.NextAsync();
        _applied.Note(0, new(1, 7));
        var second = WaitAsync();
        round.Confirm("r1", 2);

        Assert.True(await first);
        Assert.False(_applied.IsDurable(0, new(1, 7)));
        Assert.False(second.IsCompleted);
        (await _redis.NextAsync()).Confirm("r1", 2);
        Assert.True(await second);
    }

    [Theory]
    [InlineData("r1", 1, true)]
    [InlineData("r2", 2, true)]
    [InlineData("NEEDS_RECOVERY", 2, true)]
    [InlineData("r1", 2, false)]
    public async Task Round_with_one_thing_wrong_confirms_nothing(string tick, int replicas, bool isOneConnection)
    {
        var wait = WaitAsync();
        (await _redis.NextAsync()).Confirm(tick, replicas, isOneConnection);
        var next = _redis.NextAsync();
        await PassAsync(() => next.IsCompleted, "another round begins");

        Assert.False(wait.IsCompleted);
        Assert.Equal(tick == "r1" ? [] : [Invalidation.NeedsRecovery], _link.Invalidated);
        (await next).Confirm("r1", 2);
        Assert.True(await wait);
    }

    [Fact]
    public async Task Handshake_with_another_server_during_a_round_undoes_it()
    {
        var wait = WaitAsync();
        var round = await _redis.NextAsync();
        _watermark.OnRecovered();
        round.Confirm("r1", 2);

        Assert.False(await wait);
        Assert.False(await _watermark.DurableAsync(before: default, default));
    }

    [Fact]
    public async Task Rung_that_needs_no_rounds_lets_everybody_go()
    {
        var wait = WaitAsync();
        await _redis.NextAsync();

        _watermark.Set(new(new(DurabilityKind.Reply), "all"));

        Assert.True(await wait);
        Assert.True(await WaitAsync());
    }

    [Fact]
    public async Task Who_gives_up_leaves_nothing_behind()
    {
        using var cancelled = new CancellationTokenSource();
        var wait = _watermark.DurableAsync(_watermark.Recoveries, cancelled.Token).AsTask();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        Assert.Equal(0, _watermark.Waiting);
    }

    [Fact]
    public async Task Rounds_go_on_while_none_is_confirmed_and_then_end()
    {
        using var cancelled = new CancellationTokenSource();
        var wait = _watermark.DurableAsync(_watermark.Recoveries, cancelled.Token).AsTask();
        (await _redis.NextAsync()).Confirm("r1", 0);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        var next = _redis.NextAsync();
        await PassAsync(() => next.IsCompleted, "a round is made though nobody waits");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("durability replicated:2 has not been reached for 2 s: 0 of 2 replicas confirm", _watermark.WhyStalled);

        (await next).Confirm("r1", 2);
        await Eventually.TrueAsync(() => _watermark.StalledFor == TimeSpan.Zero, Patience, "the stall is over");
        var none = _redis.NextAsync();
        _time.Advance(TimeSpan.FromMinutes(1));
        await Task.Delay(50);
        Assert.False(none.IsCompleted);
    }

    [Fact]
    public async Task What_a_round_confirms_is_known_before_anybody_goes_on()
    {
        bool? wasKnown = null;
        var log = new RecordedLog
        {
            Heard = line => wasKnown ??= line.Name == "DurabilityIsReachedAgain" ? _applied.IsDurable(0, new(1, 7)) : null,
        };
        await using var watermark = new Watermark(_redis, _link, _applied, new("ns", 1), _time, log, _counters);
        watermark.Set(Replicated);
        _applied.Note(0, new(1, 7));
        var wait = watermark.DurableAsync(watermark.Recoveries, default).AsTask();
        // A stall that was said, so that its end is said, too: after the waits have ended.
        (await _redis.NextAsync()).Confirm("r1", 0);
        var second = _redis.NextAsync();
        await PassAsync(() => second.IsCompleted, "another round begins");
        _time.Advance(TimeSpan.FromSeconds(2));
        (await second).Confirm("r1", 0);
        var third = _redis.NextAsync();
        await PassAsync(() => third.IsCompleted, "one more round begins");
        (await third).Confirm("r1", 2);

        Assert.True(await wait);
        await Eventually.TrueAsync(() => wasKnown is not null, Patience, "the end of the stall is said");
        Assert.True(wasKnown);
    }

    private Task<bool> WaitAsync() => _watermark.DurableAsync(_watermark.Recoveries, default).AsTask();

    private Task PassAsync(Func<bool> condition, string because) =>
        Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(10));
                return condition();
            },
            Patience,
            because
        );

    /// <summary>Answers each round as the test says.</summary>
    private sealed class ConfirmingRedis : StubRedis
    {
        private readonly System.Threading.Channels.Channel<Asked> _rounds = System.Threading.Channels.Channel.CreateUnbounded<Asked>();

        public async Task<Asked> NextAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            return await _rounds.Reader.ReadAsync(patience.Token);
        }

        public override async Task<Confirmation> ConfirmAsync(
            FunctionCall tick,
            int replicas,
            bool onDisk,
            TimeSpan within,
            CancellationToken cancellation
        )
        {
            var asked = new Asked();
            await _rounds.Writer.WriteAsync(asked, cancellation);
            return await asked.Answer.WaitAsync(cancellation);
        }
    }

    private sealed class Asked
    {
        private readonly TaskCompletionSource<Confirmation> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Confirmation> Answer => _answer.Task;

        public void Confirm(string tick, int replicas, bool isOneConnection = true) =>
            _answer.SetResult(new(tick, replicas, isOneConnection));
    }
}

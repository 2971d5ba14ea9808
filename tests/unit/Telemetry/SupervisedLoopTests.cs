using System.Threading.Channels;
using Darq.Engine.Core;
using Darq.Engine.Telemetry;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Telemetry;

public sealed class SupervisedLoopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly Exception Own = new InvalidOperationException("a fault of ours");
    private static readonly Exception Away = new RedisUnavailableException("Redis is away");

    private readonly TimerProbe _time = new();
    private readonly RecordedLog _log = new();

    public static TheoryData<string> Faults => ["own", "cancelled", "darq", "unavailable", "refused"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_of_any_kind_is_followed_by_another_round_after_a_pause_that_doubles_up_to_its_limit(string kind)
    {
        await using var loop = Loop([.. Enumerable.Repeat<Func<TimeSpan>>(() => throw Fault(kind), 7)]);
        loop.Start();

        foreach (var milliseconds in new[] { 200, 400, 800, 1600, 2000, 2000, 2000 })
        {
            Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), await _time.PassNextTimerAsync());
        }

        // The round that ends well.
        Assert.Equal(Minute, await _time.NextTimerAsync());
        Assert.Equal((1, 7), (loop.Rounds, loop.Failures));
    }

    [Fact]
    public async Task The_pause_is_short_again_after_a_round_that_ended_well()
    {
        await using var loop = Loop(() => throw Own, () => throw Own, () => Minute, () => throw Own);
        loop.Start();

        Assert.Equal(TimeSpan.FromMilliseconds(200), await _time.PassNextTimerAsync());
        Assert.Equal(TimeSpan.FromMilliseconds(400), await _time.PassNextTimerAsync());
        Assert.Equal(Minute, await _time.PassNextTimerAsync());
        Assert.Equal(TimeSpan.FromMilliseconds(200), await _time.NextTimerAsync());
    }

    [Fact]
    public async Task The_pauses_can_be_set()
    {
        await using var loop = new SupervisedLoop("loop", _ => throw Own, _time, _log)
        {
            ShortestPause = TimeSpan.FromMilliseconds(50),
            LongestPause = TimeSpan.FromMilliseconds(150),
        };
        loop.Start();

        Assert.Equal(TimeSpan.FromMilliseconds(50), await _time.PassNextTimerAsync());
        Assert.Equal(TimeSpan.FromMilliseconds(100), await _time.PassNextTimerAsync());
        Assert.Equal(TimeSpan.FromMilliseconds(150), await _time.PassNextTimerAsync());
    }

    [Theory]
    [InlineData("darq")]
    [InlineData("unavailable")]
    [InlineData("refused")]
    public async Task What_passes_by_itself_is_logged_once_a_series_and_so_is_its_end(string kind)
    {
        await using var loop = Loop(Throw, Throw, Throw, () => Minute, Throw, Throw);
        loop.Start();

        await PassTimersAsync(6);
        await _time.NextTimerAsync();

        Assert.Equal(
            [
                (LogLevel.Warning, $"Loop 'loop' fails: {kind}. It keeps trying"),
                (LogLevel.Information, "Loop 'loop' works again after 3 failed rounds"),
                (LogLevel.Warning, $"Loop 'loop' fails: {kind}. It keeps trying"),
                (LogLevel.Information, "Loop 'loop' works again after 2 failed rounds"),
            ],
            _log.Lines.Select(line => (line.Level, line.Text))
        );

        TimeSpan Throw() => throw Fault(kind);
    }

    [Fact]
    public async Task A_round_that_found_nothing_to_do_does_not_end_a_series_of_failures()
    {
        await using var loop = Loop(() => throw Away, () => SupervisedLoop.NothingToDo, () => throw Away);
        loop.Start();

        await PassTimersAsync(1);
        await Eventually.TrueAsync(() => loop.Rounds == 1, Patience, "the loop found nothing to do");
        loop.Wake();
        await PassTimersAsync(1);
        await _time.NextTimerAsync();

        Assert.Equal(["LoopRoundFailed", "LoopRecovered"], _log.Lines.Select(line => line.Name));
        Assert.EndsWith("after 2 failed rounds", _log.Lines.Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_series_of_failures_is_over_when_nothing_was_to_do_for_a_minute()
    {
        await using var loop = Loop(() => throw Away, () => SupervisedLoop.NothingToDo, () => SupervisedLoop.NothingToDo, () => throw Away);
        loop.Start();

        await PassTimersAsync(1);
        await Eventually.TrueAsync(() => loop.Rounds == 1, Patience, "the loop found nothing to do");
        _time.Advance(Minute);
        loop.Wake();
        await Eventually.TrueAsync(() => loop.Rounds == 2, Patience, "the loop found nothing to do once more");
        loop.Wake();

        Assert.Equal(TimeSpan.FromMilliseconds(200), await _time.NextTimerAsync());
        Assert.Equal(["LoopRoundFailed", "LoopRecovered", "LoopRoundFailed"], _log.Lines.Select(line => line.Name));
    }

    [Theory]
    [InlineData("own")]
    [InlineData("cancelled")]
    public async Task Any_other_fault_is_logged_each_time_with_its_trace(string kind)
    {
        var fault = Fault(kind);
        await using var loop = Loop(() => throw Away, () => throw fault, () => throw fault);
        loop.Start();

        await PassTimersAsync(2);
        await _time.NextTimerAsync();

        Assert.Equal(
            [(LogLevel.Warning, null), (LogLevel.Error, fault), (LogLevel.Error, fault)],
            _log.Lines.Select(line => (line.Level, line.Fault))
        );
    }

    [Fact]
    public async Task A_loop_that_reports_in_its_own_words_is_told_how_many_failures_went_before()
    {
        var told = new List<(Exception, int)>();
        await using var loop = new SupervisedLoop("loop", _ => throw Away, _time, _log)
        {
            Report = (fault, before) => told.Add((fault, before)),
        };
        loop.Start();

        await PassTimersAsync(2);
        await _time.NextTimerAsync();

        Assert.Equal([(Away, 0), (Away, 1), (Away, 2)], told);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Age_is_zero_while_the_loop_waits()
    {
        await using var loop = Loop(() => Minute);
        loop.Start();
        await _time.NextTimerAsync();

        _time.Advance(Minute / 2);

        Assert.Equal(TimeSpan.Zero, loop.Age);
    }

    [Fact]
    public async Task Age_grows_from_the_end_of_the_wait_while_a_round_hangs()
    {
        var round = new HangingRound();
        await using var loop = new SupervisedLoop("loop", round.RunAsync, _time, _log);
        loop.Start();
        await round.NextAsync();
        round.End(Minute);
        await _time.PassNextTimerAsync();
        await round.NextAsync();

        _time.Advance(5 * Minute);

        Assert.Equal(5 * Minute, loop.Age);
    }

    [Fact]
    public async Task Age_grows_while_rounds_fail_until_one_ends_well()
    {
        await using var loop = Loop(() => throw Own, () => throw Away);
        loop.Start();
        await _time.PassNextTimerAsync();
        await _time.NextTimerAsync();
        Assert.Equal(TimeSpan.FromMilliseconds(200), loop.Age);

        _time.Advance(TimeSpan.FromMilliseconds(400));
        await _time.NextTimerAsync();

        Assert.Equal(TimeSpan.Zero, loop.Age);
    }

    [Fact]
    public async Task Age_is_zero_while_a_round_says_that_it_waits_for_work()
    {
        var round = new HangingRound();
        await using var loop = new SupervisedLoop("loop", round.RunAsync, _time, _log);
        loop.Start();
        await round.NextAsync();

        loop.IsIdle = true;
        _time.Advance(Minute);
        Assert.Equal(TimeSpan.Zero, loop.Age);
        loop.IsIdle = false;
        _time.Advance(Minute);
        Assert.Equal(Minute, loop.Age);
    }

    [Fact]
    public async Task Wake_ends_a_wait_at_once()
    {
        var round = new HangingRound();
        await using var loop = new SupervisedLoop("loop", round.RunAsync, _time, _log);
        loop.Start();
        await round.NextAsync();
        round.End(Minute);
        await _time.NextTimerAsync();

        loop.Wake();

        await round.NextAsync();
    }

    [Fact]
    public async Task Wake_during_a_round_is_not_lost_and_many_are_one()
    {
        var round = new HangingRound();
        await using var loop = new SupervisedLoop("loop", round.RunAsync, _time, _log);
        loop.Start();
        await round.NextAsync();

        loop.Wake();
        loop.Wake();
        round.End(Timeout.InfiniteTimeSpan);

        await round.NextAsync();
        round.End(Minute);
        Assert.Equal(Minute, await _time.NextTimerAsync());
    }

    [Fact]
    public async Task A_round_that_leaves_something_to_do_is_followed_by_the_next_without_a_wait()
    {
        await using var loop = Loop(() => TimeSpan.Zero, () => TimeSpan.Zero);
        loop.Start();

        Assert.Equal(Minute, await _time.NextTimerAsync());
        Assert.Equal(3, loop.Rounds);
    }

    [Fact]
    public async Task DisposeAsync_ends_a_wait()
    {
        var loop = Loop(() => Minute);
        loop.Start();
        await _time.NextTimerAsync();

        await EndAsync(loop);
        loop.Wake();

        Assert.Equal((1, 0), (loop.Rounds, loop.Failures));
    }

    [Fact]
    public async Task DisposeAsync_ends_a_pause_after_a_fault()
    {
        var loop = Loop(() => throw Own);
        loop.Start();
        await _time.NextTimerAsync();

        await EndAsync(loop);

        Assert.Equal((0, 1), (loop.Rounds, loop.Failures));
    }

    [Fact]
    public async Task DisposeAsync_cancels_a_round_and_counts_no_fault()
    {
        var round = new HangingRound();
        var loop = new SupervisedLoop("loop", round.RunAsync, _time, _log);
        loop.Start();
        await round.NextAsync();

        await EndAsync(loop);

        Assert.Equal((0, 0), (loop.Rounds, loop.Failures));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task DisposeAsync_waits_for_a_round_that_cannot_be_cancelled()
    {
        var round = new HangingRound { IsStubborn = true };
        var loop = new SupervisedLoop("loop", round.RunAsync, _time, _log);
        loop.Start();
        await round.NextAsync();

        var ending = loop.DisposeAsync().AsTask();
        Assert.False(ending.IsCompleted);
        round.End(TimeSpan.Zero);

        await ending.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_loop_that_was_never_started_can_be_ended() => await EndAsync(Loop());

    /// <summary>Twice, because it is safe to repeat.</summary>
    private static async Task EndAsync(SupervisedLoop loop)
    {
        await loop.DisposeAsync().AsTask().WaitAsync(Patience);
        await loop.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    private static Exception Fault(string kind) =>
        kind switch
        {
            "own" => new InvalidOperationException(kind),
            "cancelled" => new OperationCanceledException(kind),
            "darq" => new DarqException(ErrorCode.Full, kind),
            "unavailable" => new RedisUnavailableException(kind),
            "refused" => new RedisRefusedException("NOPERM", kind),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    /// <summary>A loop of these rounds; later ones end well and want to wait for a minute.</summary>
    private SupervisedLoop Loop(params Func<TimeSpan>[] rounds)
    {
        var left = new Queue<Func<TimeSpan>>(rounds);
        return new("loop", _ => Task.FromResult(left.TryDequeue(out var round) ? round() : Minute), _time, _log);
    }

    private async Task PassTimersAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _time.PassNextTimerAsync();
        }
    }

    /// <summary>A round that ends when the test says so.</summary>
    private sealed class HangingRound
    {
        private readonly Channel<bool> _begun = Channel.CreateBounded<bool>(16);
        private readonly Channel<TimeSpan> _ends = Channel.CreateBounded<TimeSpan>(16);

        /// <summary>Whether it heeds no cancellation.</summary>
        public bool IsStubborn { get; init; }

        public Task<TimeSpan> RunAsync(CancellationToken cancellation)
        {
            _begun.Writer.TryWrite(true);
            return _ends.Reader.ReadAsync(IsStubborn ? CancellationToken.None : cancellation).AsTask();
        }

        /// <summary>Waits until a round begins.</summary>
        public Task<bool> NextAsync() => _begun.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public void End(TimeSpan wait) => _ends.Writer.TryWrite(wait);
    }
}

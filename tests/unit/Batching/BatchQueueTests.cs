using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darq.Tests.Unit.Batching;

/// <summary>What the queue does when replies are lost, refused or under another session.</summary>
public sealed class BatchQueueTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeLink _link = new();
    private readonly FakeTimeProvider _time = new();
    private readonly BatchQueue _queue;

    public BatchQueueTests() => _queue = new(_link, new Keys("darq", 4), _time, NullLogger.Instance);

    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    [Fact]
    public async Task What_waits_together_goes_together_and_each_gets_its_own_line()
    {
        var replies = await RunAsync(new FakeRequest(), new FakeRequest(), new FakeRequest());

        Assert.Equal(["line 0", "line 1", "line 2"], replies);
        Assert.Equal([("batch", "s1", 1L, 3)], _link.Batches);
    }

    [Fact]
    public async Task A_batch_is_bounded_in_number_and_the_next_has_the_next_number()
    {
        await RunAsync([.. Enumerable.Range(0, 300).Select(_ => new FakeRequest())]);

        Assert.Equal([("batch", "s1", 1L, 256), ("batch", "s1", 2L, 44)], _link.Batches);
    }

    [Fact]
    public async Task A_batch_is_bounded_in_bytes_and_a_large_request_goes_alone()
    {
        await RunAsync(new FakeRequest(700_000), new FakeRequest(700_000), new FakeRequest(4_000_000), new FakeRequest(10));

        Assert.Equal([1, 1, 1, 1], _link.Batches.Select(batch => batch.Count));
    }

    [Fact]
    public async Task A_lost_reply_is_asked_for_again_under_the_same_number()
    {
        _link.Next(_ => throw new RedisUnavailableException("cut off"));

        var replies = RunAsync(new FakeRequest(repeatable: false));
        await PassTimeAsync(replies);

        Assert.Equal(["line 0"], await replies);
        Assert.Equal([("batch", "s1", 1L, 1), ("batch", "s1", 1L, 1)], _link.Batches);
    }

    [Fact]
    public async Task A_lost_reply_under_a_lost_session_fails_what_cannot_be_repeated_and_sends_the_rest()
    {
        _link.Next(_ =>
        {
            _link.Session = new("s2", 1);
            throw new RedisUnavailableException("cut off");
        });

        var tasks = Submit(new FakeRequest(repeatable: false), new FakeRequest());
        Start();
        await PassTimeAsync(tasks[1]);

        var refused = await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience));
        Assert.Equal(ErrorCode.Unavailable, refused.Code);
        Assert.Contains("unknown", refused.Message, StringComparison.Ordinal);
        Assert.Equal("line 0", await tasks[1].WaitAsync(Patience));
        Assert.Equal([("batch", "s1", 1L, 2), ("batch", "s2", 1L, 1)], _link.Batches);
    }

    [Fact]
    public async Task A_session_that_is_gone_before_the_batch_ran_loses_nothing()
    {
        _link.Next(_ =>
        {
            _link.Session = new("s2", 1);
            return Task.FromResult(FakeLink.Text("SESSION_GONE"));
        });

        Assert.Equal(["line 0"], await RunAsync(new FakeRequest(repeatable: false)));
        Assert.Equal([Invalidation.SessionGone], _link.Invalidated);
        Assert.Equal([("batch", "s1", 1L, 1), ("batch", "s2", 1L, 1)], _link.Batches);
    }

    [Fact]
    public async Task A_recovery_in_between_keeps_number_and_session()
    {
        _link.Next(_ => Task.FromResult(FakeLink.Text("NEEDS_RECOVERY")));

        Assert.Equal(["line 0"], await RunAsync(new FakeRequest(repeatable: false)));
        Assert.Equal([Invalidation.NeedsRecovery], _link.Invalidated);
        Assert.Equal([("batch", "s1", 1L, 1), ("batch", "s1", 1L, 1)], _link.Batches);
    }

    [Fact]
    public async Task Out_of_memory_refuses_what_is_new_and_sends_what_frees_alone()
    {
        _link.Next(_ => throw new RedisRefusedException("OOM", "OOM command not allowed"));
        var tasks = Submit(new FakeRequest(), new FakeRequest(frees: true));
        Start();

        Assert.Equal(ErrorCode.Full, (await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience))).Code);
        Assert.Equal("line 0", await tasks[1].WaitAsync(Patience));
        Assert.Equal([("batch", "s1", 1L, 2), ("batch_free", "s1", 1L, 1)], _link.Batches);
    }

    [Fact]
    public async Task A_refusal_that_passes_is_waited_for_and_another_is_told()
    {
        _link
            .Next(_ => throw new RedisRefusedException("LOADING", "LOADING"))
            .Next(_ => throw new RedisRefusedException("NOPERM", "NOPERM x"));
        var tasks = Submit(new FakeRequest());
        Start();

        Assert.Equal(ErrorCode.Misconfigured, (await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience))).Code);
        Assert.Equal("line 0", await _queue.SubmitAsync(new FakeRequest(), default).AsTask().WaitAsync(Patience));
        // What was refused closes its number, so that no sending of it that comes late is executed.
        Assert.Equal([(1L, 1), (1L, 1), (1L, 0), (2L, 1)], _link.Batches.Select(batch => (batch.Number, batch.Count)));
    }

    [Fact]
    public async Task A_queue_that_is_full_refuses_all_but_what_never_gives_up()
    {
        var waiting = Submit([.. Enumerable.Range(0, 64).Select(_ => new FakeRequest(1 << 20))]);

        Assert.Equal(
            ErrorCode.Full,
            (await Assert.ThrowsAsync<DarqException>(async () => await _queue.SubmitAsync(new FakeRequest(1 << 10), default))).Code
        );
        var ack = _queue.SubmitAsync(new FakeRequest(5 << 20, neverGivesUp: true), default).AsTask();
        Start();

        await Task.WhenAll([.. waiting, ack]).WaitAsync(Patience);
        Assert.Equal("line 0", await _queue.SubmitAsync(new FakeRequest(1 << 20), default).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Large_requests_are_held_one_at_a_time_beside_a_queue_that_is_full()
    {
        var waiting = Submit([.. Enumerable.Range(0, 64).Select(_ => new FakeRequest(1 << 20))]);
        var large = Submit(new FakeRequest(64 << 20), new FakeRequest(64 << 20), new FakeRequest(64 << 20));

        var full = await Assert.ThrowsAsync<DarqException>(async () => await _queue.SubmitAsync(new FakeRequest(2 << 20), default));
        Start();
        await Task.WhenAll([.. waiting, .. large]).WaitAsync(Patience);

        Assert.Equal(ErrorCode.Full, full.Code);
        Assert.Equal("line 0", await _queue.SubmitAsync(new FakeRequest(64 << 20), default).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_large_request_whose_caller_gave_up_keeps_its_turn_until_redis_answered()
    {
        var held = _link.Hold();
        Start();
        using var givingUp = new CancellationTokenSource();
        var first = _queue.SubmitAsync(new FakeRequest(2 << 20), givingUp.Token).AsTask();
        await Eventually.TrueAsync(() => _link.Batches.Count == 1, Patience, "the first is sent");
        await givingUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = _queue.SubmitAsync(new FakeRequest(2 << 20), default).AsTask();
        await Task.Delay(20);
        Assert.Single(_link.Batches);

        held.SetResult(null);
        await second.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_fault_inside_one_batch_fails_only_its_requests_and_the_queue_goes_on()
    {
        _link.Next(_ => throw new InvalidOperationException("A fault of ours."));
        var tasks = Submit(new FakeRequest());
        Start();

        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience))).Code);
        Assert.Equal("line 0", await _queue.SubmitAsync(new FakeRequest(), default).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Who_still_waits_when_the_queue_ends_is_told()
    {
        var waiting = Submit(new FakeRequest());

        await _queue.DisposeAsync();

        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<DarqException>(() => waiting[0].WaitAsync(Patience))).Code);
    }

    private Task<string>[] Submit(params FakeRequest[] requests) =>
        [.. requests.Select(request => _queue.SubmitAsync(request, default).AsTask())];

    /// <summary>Turns the clock bit by bit until the task is done, because the timer that it waits for may not be set yet.</summary>
    private Task PassTimeAsync(Task until) =>
        Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(10));
                return until.IsCompleted;
            },
            Patience,
            "what waits for a time goes on once it has passed"
        );

    private void Start() => _queue.Start();

    private async Task<string[]> RunAsync(params FakeRequest[] requests)
    {
        var tasks = Submit(requests);
        Start();
        return await Task.WhenAll(tasks).WaitAsync(Patience);
    }
}

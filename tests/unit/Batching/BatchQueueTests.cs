using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Batching;

/// <summary>What the queue does when replies are lost, refused or under another session.</summary>
public sealed class BatchQueueTests : QueueTests
{
    [Fact]
    public async Task What_waits_together_goes_together_and_each_gets_its_own_line()
    {
        var replies = await RunAsync(new FakeRequest(), new FakeRequest(), new FakeRequest());

        Assert.Equal(["line 0", "line 1", "line 2"], replies);
        Assert.Equal([("batch", "s1", 1L, 3)], Link.Batches);
    }

    [Fact]
    public async Task A_batch_is_bounded_in_number_and_the_next_has_the_next_number()
    {
        await RunAsync([.. Enumerable.Range(0, 300).Select(_ => new FakeRequest())]);

        Assert.Equal([("batch", "s1", 1L, 256), ("batch", "s1", 2L, 44)], Link.Batches);
    }

    [Fact]
    public async Task A_batch_is_bounded_in_bytes_and_a_large_request_goes_alone()
    {
        await RunAsync(new FakeRequest(700_000), new FakeRequest(700_000), new FakeRequest(4_000_000), new FakeRequest(10));

        Assert.Equal([1, 1, 1, 1], Link.Batches.Select(batch => batch.Count));
    }

    [Fact]
    public async Task A_lost_reply_is_asked_for_again_under_the_same_number()
    {
        Link.Next(_ => throw new RedisUnavailableException("cut off"));

        var replies = RunAsync(new FakeRequest(repeatable: false));
        await PassTimeAsync(replies);

        Assert.Equal(["line 0"], await replies);
        Assert.Equal([("batch", "s1", 1L, 1), ("batch", "s1", 1L, 1)], Link.Batches);
    }

    [Fact]
    public async Task A_lost_reply_under_a_lost_session_fails_what_cannot_be_repeated_and_sends_the_rest()
    {
        Link.Next(_ =>
        {
            Link.Session = new("s2", 1);
            throw new RedisUnavailableException("cut off");
        });

        var tasks = SubmitAll(new FakeRequest(repeatable: false), new FakeRequest());
        Start();
        await PassTimeAsync(tasks[1]);

        var refused = await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience));
        Assert.Equal(ErrorCode.Unavailable, refused.Code);
        Assert.Contains("unknown", refused.Message, StringComparison.Ordinal);
        Assert.Equal("line 0", await tasks[1].WaitAsync(Patience));
        Assert.Equal([("batch", "s1", 1L, 2), ("batch", "s2", 1L, 1)], Link.Batches);
    }

    [Fact]
    public async Task A_session_that_is_gone_before_the_batch_ran_loses_nothing()
    {
        Link.Next(_ =>
        {
            Link.Session = new("s2", 1);
            return Task.FromResult(FakeLink.Text("SESSION_GONE"));
        });

        Assert.Equal(["line 0"], await RunAsync(new FakeRequest(repeatable: false)));
        Assert.Equal([Invalidation.SessionGone], Link.Invalidated);
        Assert.Equal([("batch", "s1", 1L, 1), ("batch", "s2", 1L, 1)], Link.Batches);
    }

    [Fact]
    public async Task A_recovery_in_between_keeps_number_and_session()
    {
        Link.Next(_ => Task.FromResult(FakeLink.Text("NEEDS_RECOVERY")));

        Assert.Equal(["line 0"], await RunAsync(new FakeRequest(repeatable: false)));
        Assert.Equal([Invalidation.NeedsRecovery], Link.Invalidated);
        Assert.Equal([("batch", "s1", 1L, 1), ("batch", "s1", 1L, 1)], Link.Batches);
    }

    [Fact]
    public async Task Out_of_memory_refuses_what_is_new_and_sends_what_frees_alone()
    {
        Link.Next(_ => throw new RedisRefusedException("OOM", "OOM command not allowed"));
        var tasks = SubmitAll(new FakeRequest(), new FakeRequest(frees: true));
        Start();

        Assert.Equal(ErrorCode.Full, (await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience))).Code);
        Assert.Equal("line 0", await tasks[1].WaitAsync(Patience));
        Assert.Equal([("batch", "s1", 1L, 2), ("batch_free", "s1", 1L, 1)], Link.Batches);
    }

    [Fact]
    public async Task A_refusal_that_passes_is_waited_for_and_another_is_told()
    {
        Link.Next(_ => throw new RedisRefusedException("LOADING", "LOADING"))
            .Next(_ => throw new RedisRefusedException("NOPERM", "NOPERM x"));
        var tasks = SubmitAll(new FakeRequest());
        Start();

        Assert.Equal(ErrorCode.Misconfigured, (await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience))).Code);
        Assert.Equal("line 0", await Queue.SubmitAsync(new FakeRequest(), default).AsTask().WaitAsync(Patience));
        // What was refused closes its number, so that no sending of it that comes late is executed.
        Assert.Equal([(1L, 1), (1L, 1), (1L, 0), (2L, 1)], Link.Batches.Select(batch => (batch.Number, batch.Count)));
    }

    [Fact]
    public async Task AQueue_that_is_full_refuses_all_but_what_never_gives_up()
    {
        var waiting = SubmitAll([.. Enumerable.Range(0, 64).Select(_ => new FakeRequest(1 << 20))]);

        Assert.Equal(
            ErrorCode.Full,
            (await Assert.ThrowsAsync<DarqException>(async () => await Queue.SubmitAsync(new FakeRequest(1 << 10), default))).Code
        );
        var ack = Queue.SubmitAsync(new FakeRequest(5 << 20, neverGivesUp: true), default).AsTask();
        Start();

        await Task.WhenAll([.. waiting, ack]).WaitAsync(Patience);
        Assert.Equal("line 0", await Queue.SubmitAsync(new FakeRequest(1 << 20), default).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Large_requests_are_held_one_at_a_time_beside_aQueue_that_is_full()
    {
        var waiting = SubmitAll([.. Enumerable.Range(0, 64).Select(_ => new FakeRequest(1 << 20))]);
        var large = SubmitAll(new FakeRequest(64 << 20), new FakeRequest(64 << 20), new FakeRequest(64 << 20));

        var full = await Assert.ThrowsAsync<DarqException>(async () => await Queue.SubmitAsync(new FakeRequest(2 << 20), default));
        Start();
        await Task.WhenAll([.. waiting, .. large]).WaitAsync(Patience);

        Assert.Equal(ErrorCode.Full, full.Code);
        Assert.Equal("line 0", await Queue.SubmitAsync(new FakeRequest(64 << 20), default).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_large_request_whose_caller_gave_up_keeps_its_turn_until_redis_answered()
    {
        var held = Link.Hold();
        Start();
        using var givingUp = new CancellationTokenSource();
        var first = Queue.SubmitAsync(new FakeRequest(2 << 20), givingUp.Token).AsTask();
        await Eventually.TrueAsync(() => Link.Batches.Count == 1, Patience, "the first is sent");
        await givingUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = Queue.SubmitAsync(new FakeRequest(2 << 20), default).AsTask();
        await Task.Delay(20);
        Assert.Single(Link.Batches);

        held.SetResult(null);
        await second.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_fault_inside_one_batch_fails_only_its_requests_and_theQueue_goes_on()
    {
        Link.Next(_ => throw new InvalidOperationException("A fault of ours."));
        var tasks = SubmitAll(new FakeRequest());
        Start();

        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<DarqException>(() => tasks[0].WaitAsync(Patience))).Code);
        Assert.Equal("line 0", await Queue.SubmitAsync(new FakeRequest(), default).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Who_still_waits_when_theQueue_ends_is_told()
    {
        var waiting = SubmitAll(new FakeRequest());

        await Queue.DisposeAsync();

        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<DarqException>(() => waiting[0].WaitAsync(Patience))).Code);
    }

    private Task<string>[] SubmitAll(params FakeRequest[] requests) => [.. requests.Select(request => Submit(request))];

    private void Start() => Queue.Start();

    private async Task<string[]> RunAsync(params FakeRequest[] requests)
    {
        var tasks = SubmitAll(requests);
        Start();
        return await Task.WhenAll(tasks).WaitAsync(Patience);
    }
}

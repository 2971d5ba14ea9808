using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Batching;

/// <summary>What becomes of two batches in flight when a reply is lost, refused, too early or under another session.</summary>
public sealed class TwoBatchesTests : QueueTests
{
    [Fact]
    public async Task A_second_batch_goes_while_the_first_is_out_and_a_third_waits()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(), new());
        var third = Submit(new FakeRequest());

        Assert.Equal([1L, 2L], Numbers());
        first.SetResult(null);
        Assert.Equal("line 0", await requests[0].WaitAsync(Patience));
        await SentAsync(3);
        second.SetResult(null);

        Assert.Equal(["line 0", "line 0"], await Task.WhenAll(requests[1], third).WaitAsync(Patience));
        Assert.Equal([1L, 2L, 3L], Numbers());
    }

    [Fact]
    public async Task Answers_are_given_in_the_order_of_the_numbers()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(), new());

        second.SetResult(null);
        await Task.Delay(20);
        Assert.False(requests[1].IsCompleted);
        first.SetResult(null);

        await Task.WhenAll(requests).WaitAsync(Patience);
    }

    [Fact]
    public async Task After_a_lost_reply_of_the_first_the_answers_of_the_second_are_kept()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(repeatable: false), new(repeatable: false));

        first.SetException(new RedisUnavailableException("cut off"));
        second.SetResult(null);
        await PassTimeAsync(Task.WhenAll(requests));

        Assert.Equal(["line 0", "line 0"], await Task.WhenAll(requests));
        Assert.Equal([1L, 2L, 1L], Numbers());
    }

    [Fact]
    public async Task The_kept_answers_of_a_world_line_that_ended_are_asked_for_again()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(), new());

        second.SetResult(null);
        Link.WorldLine = 2;
        first.SetException(new RedisUnavailableException("cut off"));
        await PassTimeAsync(Task.WhenAll(requests));

        Assert.Equal([1L, 2L, 1L, 2L], Numbers());
    }

    [Fact]
    public async Task Both_replies_lost_are_asked_for_in_order()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(repeatable: false), new(repeatable: false));

        first.SetException(new RedisUnavailableException("cut off"));
        second.SetException(new RedisUnavailableException("cut off"));
        await PassTimeAsync(Task.WhenAll(requests));

        Assert.Equal(["line 0", "line 0"], await Task.WhenAll(requests));
        Assert.Equal([1L, 2L, 1L, 2L], Numbers());
    }

    [Fact]
    public async Task A_second_that_came_too_early_goes_again_after_the_first()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(), new(repeatable: false));

        first.SetException(new RedisUnavailableException("cut off"));
        second.SetResult(FakeLink.Text("TOO_EARLY 0"));
        await PassTimeAsync(Task.WhenAll(requests));

        Assert.Equal([1L, 2L, 1L, 2L], Numbers());
        Assert.Empty(Link.Invalidated);
    }

    [Fact]
    public async Task Too_early_though_everything_before_was_answered_means_that_redis_lost_a_batch()
    {
        Queue.Start();
        await Submit(new FakeRequest()).WaitAsync(Patience);
        Link.Next(_ =>
        {
            Link.Session = new("s2", 1);
            return Task.FromResult(FakeLink.Text("TOO_EARLY 0"));
        });

        Assert.Equal("line 0", await Submit(new FakeRequest(repeatable: false)).WaitAsync(Patience));
        Assert.Equal([Invalidation.SessionGone], Link.Invalidated);
        Assert.Equal(("batch", "s2", 1L, 1), Link.Batches[^1]);
    }

    [Fact]
    public async Task A_number_counts_as_answered_when_its_reply_is_there_and_all_before_it_have_theirs()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var session = Link.Session;
        var requests = await TwoOutAsync(new(), new());
        second.SetResult(null);
        await Task.Delay(20);
        Assert.Equal(0, Queue.AnsweredOf(session));

        first.SetResult(null);
        await Task.WhenAll(requests).WaitAsync(Patience);

        Assert.Equal(2, Queue.AnsweredOf(session));
    }

    [Fact]
    public async Task A_session_that_sends_its_first_batch_has_no_answer_whatever_the_one_before_it_had()
    {
        Queue.Start();
        await Submit(new FakeRequest()).WaitAsync(Patience);
        var former = Link.Session;
        Link.Session = new("s2", 1);
        var held = Link.Hold();
        var next = Submit(new FakeRequest());
        await SentAsync(2);

        Assert.Equal((0L, 0L), (Queue.AnsweredOf(former), Queue.AnsweredOf(Link.Session)));
        held.SetResult(null);
        await next.WaitAsync(Patience);
        Assert.Equal(1, Queue.AnsweredOf(Link.Session));
    }

    [Fact]
    public async Task A_first_that_is_refused_closes_its_number_before_the_second_goes_again()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(), new());

        first.SetException(new RedisRefusedException("OOM", "OOM"));
        second.SetResult(FakeLink.Text("TOO_EARLY 0"));

        Assert.Equal(ErrorCode.Full, (await Assert.ThrowsAsync<DarqException>(() => requests[0].WaitAsync(Patience))).Code);
        Assert.Equal("line 0", await requests[1].WaitAsync(Patience));
        Assert.Equal([("batch", "s1", 1L, 1), ("batch", "s1", 2L, 1), ("batch_free", "s1", 1L, 0), ("batch", "s1", 2L, 1)], Link.Batches);
    }

    [Fact]
    public async Task A_refused_batch_whose_lost_sending_was_executed_gets_its_answers_when_its_number_is_closed()
    {
        Link.Next(_ => throw new RedisUnavailableException("cut off"))
            .Next(_ => throw new RedisRefusedException("OOM", "OOM"))
            .Next(_ => Task.FromResult(FakeLink.Text("OK 1\nrecorded")));
        Queue.Start();
        var request = Submit(new FakeRequest(repeatable: false));
        await PassTimeAsync(request);

        Assert.Equal("recorded", await request);
        Assert.Equal([("batch", 1), ("batch", 1), ("batch_free", 0)], Link.Batches.Select(batch => (batch.Function, batch.Count)));
    }

    [Fact]
    public async Task A_number_that_cannot_be_closed_ends_the_session()
    {
        Link.Next(_ => throw new RedisRefusedException("NOPERM", "NOPERM"))
            .Next(_ =>
            {
                Link.Session = new("s2", 1);
                throw new RedisRefusedException("NOPERM", "NOPERM");
            });
        Queue.Start();

        var told = await Assert.ThrowsAsync<DarqException>(() => Submit(new FakeRequest()).WaitAsync(Patience));

        Assert.Equal(ErrorCode.Misconfigured, told.Code);
        Assert.Equal("line 0", await Submit(new FakeRequest()).WaitAsync(Patience));
        Assert.Equal([Invalidation.SessionGone], Link.Invalidated);
        Assert.Equal(("batch", "s2", 1L, 1), Link.Batches[^1]);
    }

    [Fact]
    public async Task An_error_of_the_function_itself_leaves_the_outcome_unknown()
    {
        Link.Next(_ => throw new RedisRefusedException("ERR", "ERR user_function:1: boom"));
        Queue.Start();

        var told = await Assert.ThrowsAsync<DarqException>(() => Submit(new FakeRequest()).WaitAsync(Patience));

        Assert.Contains("unknown", told.Message, StringComparison.Ordinal);
        Assert.Equal("line 0", await Submit(new FakeRequest()).WaitAsync(Patience));
    }

    [Fact]
    public async Task Of_a_lost_session_only_the_batch_in_doubt_is_unknown()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(repeatable: false), new(repeatable: false));

        Link.Session = new("s2", 1);
        first.SetException(new RedisUnavailableException("cut off"));
        second.SetResult(FakeLink.Text("SESSION_GONE"));
        await PassTimeAsync(requests[1]);

        Assert.Contains("unknown", (await Assert.ThrowsAsync<DarqException>(() => requests[0])).Message, StringComparison.Ordinal);
        Assert.Equal("line 0", await requests[1]);
        Assert.Equal(("batch", "s2", 1L, 1), Link.Batches[^1]);
        // The session that is gone was replaced before.
        Assert.Empty(Link.Invalidated);
    }

    [Fact]
    public async Task Two_batches_of_a_session_that_is_gone_end_it_once()
    {
        var (first, second) = (Link.Hold(), Link.Hold());
        var requests = await TwoOutAsync(new(), new());

        Link.Session = new("s2", 1);
        second.SetResult(FakeLink.Text("SESSION_GAP 2"));
        first.SetResult(FakeLink.Text("SESSION_GAP 2"));

        Assert.Equal(["line 0", "line 0"], await Task.WhenAll(requests).WaitAsync(Patience));
        Assert.Equal([Invalidation.SessionGone], Link.Invalidated);
        Assert.Equal([("s2", 1L), ("s2", 2L)], Link.Batches.Skip(2).Select(batch => (batch.Session, batch.Number)));
    }

    [Fact]
    public async Task A_second_is_not_sent_under_another_session_than_the_first()
    {
        var first = Link.Hold();
        Queue.Start();
        var requests = new List<Task<string>> { Submit(new FakeRequest()) };
        await SentAsync(1);
        Link.Session = new("s2", 1);
        requests.Add(Submit(new FakeRequest()));
        await Task.Delay(20);
        Assert.Single(Link.Batches);
        first.SetResult(null);

        await Task.WhenAll(requests).WaitAsync(Patience);
        Assert.Equal([("s1", 1L), ("s2", 1L)], Link.Batches.Select(batch => (batch.Session, batch.Number)));
    }

    /// <summary>Two requests in two batches that are out.</summary>
    private async Task<Task<string>[]> TwoOutAsync(FakeRequest first, FakeRequest second)
    {
        Queue.Start();
        var one = Submit(first);
        await SentAsync(1);
        var other = Submit(second);
        await SentAsync(2);
        return [one, other];
    }

    private Task SentAsync(int batches) => Eventually.TrueAsync(() => Link.Batches.Count == batches, Patience, $"batch {batches} is sent");

    private IEnumerable<long> Numbers() => Link.Batches.Select(batch => batch.Number);
}

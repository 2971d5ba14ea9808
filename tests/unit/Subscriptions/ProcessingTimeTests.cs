using Darq.Engine.Subscriptions.Deliveries;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

/// <summary>How long an app may take, and what becomes of what waits behind a handler that hangs.</summary>
public sealed class ProcessingTimeTests : CoreTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    public ProcessingTimeTests() => Options = new() { ProcessingTimeout = Timeout, MaxDeliveries = 1 };

    [Fact]
    public void What_waits_unread_behind_a_handler_that_hangs_does_not_fail()
    {
        Options = Options with { MaxDeliveries = 0 };
        DeliverTwo();

        Pass(Timeout);
        Pass(Timeout);

        Assert.Equal([1, 0], Sent[..2].Select(attempt => attempt.Message.Failures));
        Assert.Equal([1, 2], Sent.Select(Number));
    }

    [Fact]
    public void What_waits_unread_behind_a_handler_that_hangs_is_not_given_up()
    {
        DeliverTwo();

        Pass(Timeout);

        Assert.Same(Sent[0].Message, Assert.Single(Settlements).Message);
    }

    [Fact]
    public void What_waits_unread_behind_a_handler_that_hangs_goes_to_another_stream()
    {
        DeliverTwo();
        var other = Open();

        Pass(Timeout);

        Assert.Equal((2, other), (Number(Sent[2]), Sent[2].Stream));
        AnswerTo(Sent[2], Answer.Ack);
        Assert.Equal(2, Settlements[^1].Message.Message.StreamId.Number);
    }

    [Fact]
    public void It_fails_when_its_own_handler_hangs_after_the_first_one_answered()
    {
        DeliverTwo();
        Pass(Timeout);
        AnswerTo(Sent[0], Answer.Ack);
        Assert.Equal(2 * Timeout, ClockDue + Timeout / 2);

        Pass(Timeout - TimeSpan.FromTicks(1));
        Assert.Equal(0, Sent[1].Message.Failures);
        Pass(TimeSpan.FromTicks(1));

        Assert.Equal(1, Sent[1].Message.Failures);
        Assert.Equal([1L, 2L], Settlements.Select(settlement => settlement.Message.Message.StreamId.Number));
    }

    [Fact]
    public void Its_app_keeps_it_once_it_has_begun_with_it()
    {
        DeliverTwo();
        Pass(Timeout);
        AnswerTo(Sent[0], Answer.Ack);

        Open();

        Assert.Equal(2, Sent.Count);
        AnswerTo(Sent[1], Answer.Ack);
        Assert.Equal(2, Settlements.Count);
    }

    [Fact]
    public void Its_late_answer_counts_where_no_other_stream_got_it()
    {
        Options = Options with { MaxDeliveries = 3 };
        DeliverTwo();
        Pass(Timeout);

        AnswerTo(Sent[1], Answer.Nack);

        Assert.Equal(1, Sent[1].Message.Failures);
    }

    [Fact]
    public void Both_fail_where_the_sidecar_hands_over_several_at_a_time()
    {
        Options = Options with { Concurrent = true };
        DeliverTwo();

        Pass(Timeout);

        Assert.Equal([1, 1], Sent.Select(attempt => attempt.Message.Failures));
    }

    [Fact]
    public void Both_fail_once_an_answer_overtook_another()
    {
        DeliverTwo();
        AnswerTo(Sent[1], Answer.Ack);
        Read(3);

        Pass(Timeout);

        Assert.Equal([1, 1], new[] { Sent[0], Sent[2] }.Select(attempt => attempt.Message.Failures));
    }

    [Fact]
    public void A_damaged_message_that_never_reached_the_app_does_not_make_its_stream_concurrent()
    {
        DeliverTwo();
        AnswerTo(Sent[1], Answer.Undeliverable);
        Read(3);

        Pass(Timeout);

        Assert.Equal(0, Sent[2].Message.Failures);
    }

    [Fact]
    public void A_stream_whose_app_hangs_gets_a_message_only_where_no_other_stream_has_room()
    {
        var stuck = Open();
        Claim();
        Read(1);
        Pass(Timeout);
        var other = Open();

        Read(2);
        Read(3);
        Read(4);

        Assert.Equal([stuck, other, other, stuck], Sent.Select(attempt => attempt.Stream));
    }

    [Fact]
    public void A_slow_handler_is_told_of_once_it_has_the_message()
    {
        DeliverTwo();

        Pass(Timeout / 2);
        Assert.Single(Log.Lines, line => line.Text.Contains("not answered since", StringComparison.Ordinal));
        AnswerTo(Sent[0], Answer.Ack);
        Pass(Timeout / 2);

        Assert.Equal(2, Log.Lines.Count(line => line.Text.Contains("not answered since", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_slow_handler_is_told_of_with_the_key_and_the_attempt()
    {
        Options = new();
        Open();
        Claim();
        Read(1, key: "order-7");
        AnswerTo(Sent[0], Answer.Nack);
        Pass(Timeout);
        Pass(Timeout / 2);

        var line = Assert.Single(Log.Lines, line => line.Name == "HandlerIsSlow");
        Assert.Contains("attempt 2 of message ", line.Text, StringComparison.Ordinal);
        Assert.Contains("with key 'order-7' is not answered since", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_a_stuck_stream_does_not_count_against_what_waited_there()
    {
        var app = new AppPresence();
        var stream = Open(app: app);
        Claim();
        Read(1);
        Read(2);
        Pass(Timeout);
        Close(stream);

        Close(Open(app: app));
        Open(app: app);

        Assert.Equal([2, 2], Sent[2..].Select(Number));
        Assert.Equal(0, Sent[^1].Message.Failures);
    }

    [Fact]
    public void The_end_of_streams_counts_against_what_their_app_had_also_where_they_finished_before()
    {
        Options = Options with { MaxDeliveries = 5 };
        var app = new AppPresence();
        var stream = Open(app: app);
        Claim();
        Read(1);
        for (var i = 0; i < 2; i++)
        {
            Apply(core => core.Finish(stream));
            Close(stream);
            stream = Open(app: app);
        }

        Assert.Equal(1, Sent[^1].Message.Failures);
    }

    private void DeliverTwo()
    {
        Open();
        Claim();
        Read(1);
        Read(2);
        Assert.Equal(2, Sent.Count);
    }
}

using System.Runtime.CompilerServices;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

public sealed class SubscriptionCoreTests : CoreTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    public SubscriptionCoreTests() => Options = new() { ProcessingTimeout = Timeout };

    [Fact]
    public void The_processing_time_runs_again_once_a_step_has_changed_nothing()
    {
        Open();
        Claim();
        Read(1);
        var attempt = Sent[0];
        Assert.Same(attempt, Apply(core => core.OnStepStarted(TokenOf(attempt))));
        Tick();
        Assert.True(ClockDue > Timeout);

        EndStep(attempt, StepEnd.Unchanged);

        Assert.Equal(Timeout, ClockDue);
    }

    [Fact]
    public void An_attempt_beside_one_that_timed_out_times_out_too()
    {
        Open();
        Claim();
        Read(1);
        Pass(Timeout);

        Read(2);

        Assert.Equal([1, 2], Sent.Select(Number));
        Assert.True(ClockDue <= 2 * Timeout);
    }

    [Fact]
    public void An_attempt_beside_one_whose_step_is_under_way_times_out_in_time()
    {
        Open();
        Claim();
        Read(1);
        Apply(core => core.OnStepStarted(TokenOf(Sent[0])));

        Read(2);

        Assert.Equal(Timeout, ClockDue);
    }

    [Fact]
    public void The_fourth_conflict_is_told_of_with_its_keys()
    {
        Open();
        Claim();
        Read(1);
        for (var i = 0; i < 4; i++)
        {
            AnswerTo(Sent[^1], Answer.Conflict, i < 3 ? "earlier" : "alice, bob");
        }

        var line = Assert.Single(Log.Lines, line => line.Name == "StepConflicts");
        Assert.Contains("for the 4th time (now of alice, bob)", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lane_that_turns_out_to_be_anothers_is_told_of_a_moment_later()
    {
        Open();
        Claim();
        Read(1);
        AnswerTo(Sent[0], Answer.Ack);

        Settle(SettlementOutcome.Fenced);

        Assert.DoesNotContain(Log.Lines, line => line.Name == "LanesWereLost");
        Assert.NotNull(ClockDue);
        Pass(ClockDue.Value);
        Assert.Single(Log.Lines, line => line.Name == "LanesWereLost");
    }

    [Fact]
    public void An_attempt_that_was_overtaken_is_found_as_long_as_its_stream_has_it()
    {
        Open();
        Claim();
        Read(1);
        Sent[0].Delivery = new("token", "t", Sent[0].Message.Message, "t", 1, 1);
        Pass(Timeout);
        Open();
        Pass(Timeout);
        Assert.Equal(2, Sent.Count);

        Assert.NotNull(Core.FindOutstanding(TokenOf(Sent[0]), Sent[0].Stream.App));
        Assert.Null(Core.FindOutstanding(TokenOf(Sent[0]), new()));
        AnswerTo(Sent[0], Answer.Nack);
        Assert.Null(Core.FindOutstanding(TokenOf(Sent[0]), Sent[0].Stream.App));
    }

    [Fact]
    public void A_message_never_goes_to_a_stream_that_still_holds_an_earlier_attempt()
    {
        Open();
        Open();
        Claim();
        Read(1);
        TimeOutTwice();
        Assert.Equal(2, Sent.Select(attempt => attempt.Stream).Distinct().Count());

        Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Sent.Count);

        AnswerTo(Sent[0], Answer.Nack);
        Assert.Equal(3, Sent.Count);
        Assert.Same(Sent[0].Stream, Sent[2].Stream);
    }

    [Fact]
    public void A_message_whose_lane_was_regained_goes_on_once_its_first_copy_has_timed_out()
    {
        Open();
        Claim();
        Read(1);
        Lose();
        Claim("OK 2.1 0-0 0 0");
        Read(1);
        Open();
        Assert.Single(Sent);

        TimeOutTwice();

        Assert.Equal([1, 1], Sent.Select(Number));
        Assert.NotSame(Sent[0].Stream, Sent[1].Stream);
    }

    [Fact]
    public void A_late_ack_of_a_message_whose_lane_was_regained_counts_until_a_newer_attempt_isSent()
    {
        Open();
        Claim();
        Read(1);
        Lose();
        Claim("OK 2.1 0-0 0 0");
        Read(1);
        Pass(Timeout);

        AnswerTo(Sent[0], Answer.Ack);

        Assert.Equal([Ending.Ack], Settlements.Select(settlement => settlement.Ending));
    }

    [Fact]
    public void A_late_ack_counts_also_where_the_lane_was_lost_and_regained_after_the_timeout()
    {
        Open();
        Claim();
        Read(1);
        Pass(Timeout);
        Lose();
        Claim("OK 2.1 0-0 0 0");
        Read(1);
        Assert.Single(Sent);

        AnswerTo(Sent[0], Answer.Ack);

        Assert.Equal([Ending.Ack], Settlements.Select(settlement => settlement.Ending));
    }

    [Fact]
    public void A_late_nack_of_a_message_whose_lane_was_regained_leaves_it_to_beSent_again()
    {
        Open();
        Claim();
        Read(1);
        Lose();
        Pass(Timeout);
        Claim("OK 2.1 0-0 0 0");
        Read(1);
        Assert.Single(Sent);

        AnswerTo(Sent[0], Answer.Nack);

        Assert.Equal([1, 1], Sent.Select(Number));
    }

    [Fact]
    public void A_consumed_message_makes_way_once_its_app_has_not_answered_in_time()
    {
        Open();
        Claim();
        Read(1);
        Apply(core => core.OnStepStarted(TokenOf(Sent[0])));
        EndStep(Sent[0], StepEnd.Consumed);
        Assert.Single(Core.Messages);

        Pass(Timeout);

        Assert.Empty(Core.Messages);
    }

    [Fact]
    public void A_message_whose_step_Redis_could_not_take_comes_again_after_pauses_that_grow()
    {
        Options = Options with { RetryDelay = TimeSpan.FromSeconds(1), ProcessingTimeout = TimeSpan.Zero, MaxDeliveries = 1 };
        Open();
        Claim();
        Read(1);

        AnswerTo(Sent[0], Answer.Postponed);
        Pass(TimeSpan.FromSeconds(1.2));
        AnswerTo(Sent[1], Answer.Postponed);
        Pass(TimeSpan.FromSeconds(1.2));

        Assert.Equal(2, Sent.Count);
        Pass(TimeSpan.FromSeconds(1.2));
        Assert.Equal((3, 0), (Sent.Count, Sent[2].Message.Failures));
    }

    [Fact]
    public void Streams_and_lanes_take_turns_however_often_they_did_before()
    {
        Open();
        Open();
        Claim();
        TurnOf(DispatcherOf(Core)) = int.MaxValue;
        NextOf(Core.ReadAhead) = int.MaxValue;

        Read(1);
        Read(2);
        TurnOf(DispatcherOf(Core)) = uint.MaxValue;
        NextOf(Core.ReadAhead) = uint.MaxValue;
        Read(3);
        Read(4);

        Assert.Equal([1, 2, 3, 4], Sent.Select(Number));
    }

    [Fact]
    public void A_claim_that_was_granted_before_a_handshake_is_made_again()
    {
        Open();
        var claims = Apply(core => core.NextClaims(["s1"], "s1", true, this));

        Apply(core => core.OnSession("s1", lost: true));
        var given = Apply(core => core.OnClaimed(claims, "s1", [ClaimResult.Parse("OK 1.1 1-5 0 0")], this));

        Assert.Empty(given);
        Assert.False(Lane.Owned);
        Assert.Single(Apply(core => core.NextClaims(["s1"], "s1", false, this)));
    }

    [Fact]
    public void An_append_is_not_delivered_from_its_reply_before_the_lane_is_resumed()
    {
        Open();
        Claim();
        var resumed = Apply(core => core.OnSession("s1", lost: false));

        Apply(core => core.OnAppended(new(0, "t", new(1, 1), new(1, 1), "", "", default, default)));
        Apply(core => core.OnResumed(resumed, [ClaimResult.Parse("OK 2.1 0-0 0 0")]));

        Assert.Empty(Sent);
        Assert.NotNull(Apply(core => core.NextRead()));
    }

    [Fact]
    public void A_step_for_a_message_that_was_lost_is_fenced_although_another_has_its_number_now()
    {
        Open();
        Claim();
        Read(1);
        Lose();
        Claim("OK 2.1 0-0 0 0");

        Assert.Equal(Lane.NoToken, Core.FencingTokenOf(TokenOf(Sent[0])));
        Read(1, worldLine: 2);
        Assert.Equal(Lane.NoToken, Core.FencingTokenOf(TokenOf(Sent[0])));
    }

    [Fact]
    public void A_step_from_before_the_claim_counts_once_its_message_was_read_again()
    {
        Open();
        Claim();
        Read(1);
        Lose();
        Claim("OK 2.1 0-0 0 0");
        Read(1);

        Assert.Equal("2.1", Core.FencingTokenOf(TokenOf(Sent[0])));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_dispatcher")]
    private static extern ref Dispatcher DispatcherOf(SubscriptionCore core);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_turn")]
    private static extern ref uint TurnOf(Dispatcher dispatcher);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_next")]
    private static extern ref uint NextOf(ReadAhead ahead);

    /// <summary>The attempt that is out times out, and so does the one that follows it after the pause.</summary>
    private void TimeOutTwice()
    {
        Pass(Timeout);
        Pass(Timeout / 2);
        Pass(Timeout);
    }
}

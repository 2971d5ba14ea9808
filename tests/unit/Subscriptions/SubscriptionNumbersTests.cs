using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

/// <summary>What a subscription counts, and what it says of itself to readiness.</summary>
public sealed class SubscriptionNumbersTests : CoreTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public SubscriptionNumbersTests() => Options = new() { Order = Order.None };

    private SubscriptionStatus Status => SubscriptionStatus.Of(Core, "g", "t", Now.Elapsed);

    [Theory]
    [InlineData(Answer.Nack, "handler_failed")]
    [InlineData(Answer.StepRefused, "step_refused")]
    [InlineData(Answer.Undeliverable, "undeliverable")]
    [InlineData(Answer.AppGone, null)]
    [InlineData(Answer.Postponed, null)]
    [InlineData(Answer.Release, null)]
    internal void A_failed_attempt_is_counted_under_its_reason(Answer answer, string? reason)
    {
        Deliver(1);

        AnswerTo(Sent[0], answer);

        Assert.Equal(reason is null ? [] : [reason], FailedReasons());
    }

    [Fact]
    public void A_message_whose_app_is_never_reached_is_named_although_it_does_not_count_as_failed()
    {
        Deliver(1);

        for (var times = 1; times <= 10; times++)
        {
            AnswerTo(Sent[^1], Answer.AppGone);
            Pass(Minute);
        }

        Assert.Equal(["AppWasNotReached", "AppWasNotReached"], Log.Lines.Select(line => line.Name));
        Assert.Equal(0, Sent[^1].Message.Failures);
    }

    [Fact]
    public void An_ack_without_its_step_is_counted_as_that()
    {
        Options = Options with { RequireStep = true };
        Deliver(1);

        AnswerTo(Sent[0], Answer.Ack);

        Assert.Equal(["without_step"], FailedReasons());
    }

    [Fact]
    public void An_attempt_that_timed_out_is_counted_as_that()
    {
        Options = Options with { ProcessingTimeout = Minute };
        Deliver(1);

        Pass(Minute);

        Assert.Equal(["processing_timeout"], FailedReasons());
    }

    [Fact]
    public void A_message_is_acked_once_Redis_has_its_ack_and_consumed_once_its_step_took_effect()
    {
        Deliver(1, 2);
        AnswerTo(Sent[0], Answer.Ack);
        Assert.Equal(0, Counters.Acked.Value);

        Settle(SettlementOutcome.Done);
        Consume(Sent[1]);
        Consume(Sent[1]);

        Assert.Equal((2, 1, 1), (Counters.Sent.Value, Counters.Acked.Value, Counters.Consumed.Value));
    }

    [Fact]
    public void A_message_that_was_given_up_is_counted_once_it_is_a_dead_letter()
    {
        Options = Options with { MaxDeliveries = 1 };
        Deliver(1);
        AnswerTo(Sent[0], Answer.Nack);
        Settle(SettlementOutcome.Done);

        Assert.Equal([1, 0], Counters.DeadLettered.Select(count => count.Value));
        Assert.Equal(0, Counters.Acked.Value);
    }

    [Fact]
    public void An_ack_that_Redis_refuses_to_a_former_owner_is_counted_as_fenced_and_its_lane_as_lost()
    {
        Deliver(1);
        AnswerTo(Sent[0], Answer.Ack);

        Settle(SettlementOutcome.Fenced);

        Assert.Equal((1, 1, 0), (Counters.Fenced.Value, Counters.LanesLost.Value, Counters.Acked.Value));
    }

    [Fact]
    public void The_status_shows_streams_lanes_and_the_age_of_the_oldest_unanswered_delivery()
    {
        Options = Options with { ProcessingTimeout = TimeSpan.Zero };
        Deliver(1);
        Pass(Minute);
        Deliver(2);
        Pass(Minute);

        Assert.Equal(
            new(Streams: 1, Lanes: 1, DamagedLanes: 0, InFlight: 2, RetriesWaiting: 0, OldestUnanswered: 2 * Minute),
            Status.Gauges
        );
        AnswerTo(Sent[0], Answer.Nack);
        Assert.Equal(new(Streams: 1, Lanes: 1, DamagedLanes: 0, InFlight: 1, RetriesWaiting: 1, OldestUnanswered: Minute), Status.Gauges);
    }

    [Fact]
    public void A_damaged_lane_is_counted_and_named_once_and_again_when_it_is_sound()
    {
        Open();
        Damage("DAMAGED key k");
        Damage("DAMAGED key k");
        Assert.Equal(1, Status.Gauges.DamagedLanes);
        Assert.Contains("DAMAGED key k", Assert.Single(Log.Lines).Text, StringComparison.Ordinal);

        Claim();

        Assert.Equal(0, Status.Gauges.DamagedLanes);
        Assert.Equal(2, Log.Lines.Count);
    }

    [Fact]
    public void A_lane_whose_tail_is_damaged_is_named()
    {
        Open();
        Claim();
        var questions = Apply(core => core.Ownership.NextTails(whole: true));

        Apply(core => core.Ownership.OnTails(questions, [LaneTail.Parse("DAMAGED key k")]));

        Assert.Equal(1, Status.Gauges.DamagedLanes);
        Assert.Single(Log.Lines);
    }

    [Fact]
    public void A_stream_is_silent_after_five_times_its_processing_timeout_without_any_answer()
    {
        Deliver(1, 2);
        Pass(4 * Minute);
        AnswerTo(Sent[0], Answer.Ack);

        Pass(5 * Minute);
        Assert.Equal(TimeSpan.Zero, Status.Silence);
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(301), Status.Silence);

        AnswerTo(Sent[1], Answer.Ack);
        Assert.Equal(TimeSpan.Zero, Status.Silence);
    }

    [Fact]
    public void A_stream_with_nothing_to_answer_is_never_silent()
    {
        Deliver(1);
        AnswerTo(Sent[0], Answer.Ack);
        Pass(60 * Minute);
        Assert.Equal(TimeSpan.Zero, Status.Silence);

        Deliver(2);
        Assert.Equal(TimeSpan.Zero, Status.Silence);
    }

    private IEnumerable<string> FailedReasons() => CounterReasons.DeliveryFailures.Where((_, at) => Counters.Failed[at].Value == 1);

    private void Deliver(params long[] numbers)
    {
        if (Core.Streams.Count == 0)
        {
            Open(Options with { Concurrent = true });
            Claim();
        }

        foreach (var number in numbers)
        {
            Read(number);
        }
    }

    private void Damage(string reply)
    {
        var claims = Apply(core => core.NextClaims(["s1"], "s1", true, this));
        Assert.Empty(Apply(core => core.OnClaimed(claims, "s1", [ClaimResult.Parse(reply)], this)));
    }

    private void Consume(Attempt attempt) => EndStep(attempt, StepEnd.Consumed, isLate: true);
}

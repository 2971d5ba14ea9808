using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Telemetry;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

/// <summary>What a subscription counts, and what it says of itself to readiness.</summary>
public sealed class SubscriptionNumbersTests : IDeliveryOutlet, IMembershipView
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly SubscriptionCounters _counters = new(new("n", "g", "t"));
    private readonly List<Attempt> _sent = [];
    private readonly List<Settlement> _settlements = [];
    private SubscriptionOptions _options = new() { Order = Order.None };
    private SubscriptionCore? _core;
    private TimeSpan _now;

    string IDeliveryOutlet.SubscribedTopic => "t";

    bool IDeliveryOutlet.HasRoom => true;

    long IMembershipView.Begun => 0;

    private SubscriptionCore Core => _core ??= new("g", "t", 1, _options, new Random(1), _counters);

    private Instant Now => new(_now, 0);

    private SubscriptionStatus Status => SubscriptionStatus.Of(Core, "g", "t", _now);

    void IDeliveryOutlet.Send(Delivery delivery) { }

    void IDeliveryOutlet.WriteOut() { }

    bool IMembershipView.IsDead(string session, long beat) => false;

    [Theory]
    [InlineData(Answer.Nack, "handler_failed")]
    [InlineData(Answer.StepRefused, "step_refused")]
    [InlineData(Answer.Undeliverable, "undeliverable")]
    [InlineData(Answer.AppGone, null)]
    [InlineData(Answer.Release, null)]
    internal void A_failed_attempt_is_counted_under_its_reason(Answer answer, string? reason)
    {
        Deliver(1);

        AnswerTo(_sent[0], answer);

        Assert.Equal(reason is null ? [] : [reason], FailedReasons());
    }

    [Fact]
    public void An_ack_without_its_step_is_counted_as_that()
    {
        _options = _options with { RequireStep = true };
        Deliver(1);

        AnswerTo(_sent[0], Answer.Ack);

        Assert.Equal(["without_step"], FailedReasons());
    }

    [Fact]
    public void An_attempt_that_timed_out_is_counted_as_that()
    {
        _options = _options with { ProcessingTimeout = Minute };
        Deliver(1);

        Pass(Minute);

        Assert.Equal(["processing_timeout"], FailedReasons());
    }

    [Fact]
    public void A_message_is_acked_once_Redis_has_its_ack_and_consumed_once_its_step_took_effect()
    {
        Deliver(1, 2);
        AnswerTo(_sent[0], Answer.Ack);
        Assert.Equal(0, _counters.Acked.Value);

        Settle(SettlementOutcome.Done);
        Consume(_sent[1]);
        Consume(_sent[1]);

        Assert.Equal((2, 1, 1), (_counters.Sent.Value, _counters.Acked.Value, _counters.Consumed.Value));
    }

    [Fact]
    public void A_message_that_was_given_up_is_counted_once_it_is_a_dead_letter()
    {
        _options = _options with { MaxDeliveries = 1 };
        Deliver(1);
        AnswerTo(_sent[0], Answer.Nack);
        Settle(SettlementOutcome.Done);

        Assert.Equal([1, 0], _counters.DeadLettered.Select(count => count.Value));
        Assert.Equal(0, _counters.Acked.Value);
    }

    [Fact]
    public void An_ack_that_Redis_refuses_to_a_former_owner_is_counted_as_fenced_and_its_lane_as_lost()
    {
        Deliver(1);
        AnswerTo(_sent[0], Answer.Ack);

        Settle(SettlementOutcome.Fenced);

        Assert.Equal((1, 1, 0), (_counters.Fenced.Value, _counters.LanesLost.Value, _counters.Acked.Value));
    }

    [Fact]
    public void The_status_shows_streams_lanes_and_the_age_of_the_oldest_unanswered_delivery()
    {
        _options = _options with { ProcessingTimeout = TimeSpan.Zero };
        Deliver(1);
        Pass(Minute);
        Deliver(2);
        Pass(Minute);

        Assert.Equal(new(Streams: 1, Lanes: 1, InFlight: 2, RetriesWaiting: 0, OldestUnanswered: 2 * Minute), Status.Gauges);
        AnswerTo(_sent[0], Answer.Nack);
        Assert.Equal(new(Streams: 1, Lanes: 1, InFlight: 1, RetriesWaiting: 1, OldestUnanswered: Minute), Status.Gauges);
    }

    [Fact]
    public void A_stream_is_silent_after_five_times_its_processing_timeout_without_any_answer()
    {
        Deliver(1, 2);
        Pass(4 * Minute);
        AnswerTo(_sent[0], Answer.Ack);

        Pass(5 * Minute);
        Assert.Equal(TimeSpan.Zero, Status.Silence);
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(301), Status.Silence);

        AnswerTo(_sent[1], Answer.Ack);
        Assert.Equal(TimeSpan.Zero, Status.Silence);
    }

    [Fact]
    public void A_stream_with_nothing_to_answer_is_never_silent()
    {
        Deliver(1);
        AnswerTo(_sent[0], Answer.Ack);
        Pass(60 * Minute);
        Assert.Equal(TimeSpan.Zero, Status.Silence);

        Deliver(2);
        Assert.Equal(TimeSpan.Zero, Status.Silence);
    }

    private IEnumerable<string> FailedReasons() => CounterReasons.DeliveryFailures.Where((_, at) => _counters.Failed[at].Value == 1);

    private void Deliver(params long[] numbers)
    {
        if (Core.Streams.Count == 0)
        {
            Apply(core => core.Open(this, _options with { Concurrent = true }, new()));
            var claims = Apply(core => core.NextClaims(["s1"], "s1", true, this));
            Assert.Single(Apply(core => core.OnClaimed(claims, "s1", [ClaimResult.Parse("OK 1.1 0-0 0 0")], this)));
        }

        foreach (var number in numbers)
        {
            Apply(core =>
            {
                core.OnWakeUp(0, number, "");
                return true;
            });
            var read = Apply(core => core.NextRead());
            var streamId = new Position(1, number);
            var message = new Message(0, streamId, "", "", default, default, long.MaxValue, streamId);
            Apply(core =>
            {
                core.OnRead(read!, [new(streamId, message)]);
                return true;
            });
        }
    }

    private void AnswerTo(Attempt attempt, Answer answer) =>
        Apply(core =>
        {
            core.OnAnswer(attempt.Stream, TokenOf(attempt), answer, Now);
            return true;
        });

    private void Consume(Attempt attempt) =>
        Apply(core =>
        {
            core.OnStepEnded(TokenOf(attempt), null, StepEnd.Consumed, core.Lanes[0].FencingToken, Now);
            return true;
        });

    private void Settle(SettlementOutcome outcome)
    {
        var settlement = Assert.Single(_settlements);
        Apply(core =>
        {
            core.OnSettled(settlement, outcome, Now);
            return true;
        });
    }

    private void Pass(TimeSpan time)
    {
        _now += time;
        Apply(core =>
        {
            core.OnTick(Now);
            return true;
        });
    }

    private static DeliveryToken TokenOf(Attempt attempt) => new("s1", "g", "t", 0, attempt.Message.Message.StreamId, attempt.Number, "i");

    private T Apply<T>(Func<SubscriptionCore, T> happen)
    {
        var result = happen(Core);
        Core.Dispatch(Now);
        var effects = Core.TakeEffects();
        _sent.AddRange(effects.Attempts);
        _settlements.AddRange(effects.Settlements);
        return result;
    }
}

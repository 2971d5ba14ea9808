using System.Runtime.CompilerServices;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

public sealed class SubscriptionCoreTests : IDeliveryOutlet, IMembershipView
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly SubscriptionCore _core = new("g", "t", 1, new() { ProcessingTimeout = Timeout }, new Random(1));
    private readonly List<Attempt> _sent = [];
    private readonly List<Settlement> _settlements = [];
    private TimeSpan _now;
    private TimeSpan? _clockDue;

    string IDeliveryOutlet.SubscribedTopic => "t";

    bool IDeliveryOutlet.HasRoom => true;

    long IMembershipView.Begun => 0;

    private Lane Lane => _core.Lanes[0];

    private Instant Now => new(_now, 0);

    void IDeliveryOutlet.Send(Delivery delivery) { }

    void IDeliveryOutlet.WriteOut() { }

    bool IMembershipView.IsDead(string session, long beat) => false;

    [Fact]
    public void The_processing_time_runs_again_once_a_step_has_changed_nothing()
    {
        Open();
        Claim();
        Read(1);
        var attempt = _sent[0];
        Assert.Same(attempt, Apply(core => core.OnStepStarted(TokenOf(attempt))));
        Tick();
        Assert.True(_clockDue > Timeout);

        EndStep(attempt, StepEnd.Unchanged);

        Assert.Equal(Timeout, _clockDue);
    }

    [Fact]
    public void An_attempt_beside_one_that_timed_out_times_out_too()
    {
        Open();
        Claim();
        Read(1);
        Pass(Timeout);

        Read(2);

        Assert.Equal([1, 2], _sent.Select(Number));
        Assert.True(_clockDue <= 2 * Timeout);
    }

    [Fact]
    public void An_attempt_beside_one_whose_step_is_under_way_times_out_in_time()
    {
        Open();
        Claim();
        Read(1);
        Apply(core => core.OnStepStarted(TokenOf(_sent[0])));

        Read(2);

        Assert.Equal(Timeout, _clockDue);
    }

    [Fact]
    public void An_attempt_that_was_overtaken_is_found_as_long_as_its_stream_has_it()
    {
        Open();
        Claim();
        Read(1);
        _sent[0].Delivery = new("token", "t", _sent[0].Message.Message, "t", 1, 1);
        Pass(Timeout);
        Open();
        Pass(Timeout);
        Assert.Equal(2, _sent.Count);

        Assert.NotNull(_core.FindOutstanding(TokenOf(_sent[0]), _sent[0].Stream.App));
        Assert.Null(_core.FindOutstanding(TokenOf(_sent[0]), new()));
        AnswerTo(_sent[0], Answer.Nack);
        Assert.Null(_core.FindOutstanding(TokenOf(_sent[0]), _sent[0].Stream.App));
    }

    [Fact]
    public void A_message_never_goes_to_a_stream_that_still_holds_an_earlier_attempt()
    {
        Open();
        Open();
        Claim();
        Read(1);
        TimeOutTwice();
        Assert.Equal(2, _sent.Select(attempt => attempt.Stream).Distinct().Count());

        Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(2, _sent.Count);

        AnswerTo(_sent[0], Answer.Nack);
        Assert.Equal(3, _sent.Count);
        Assert.Same(_sent[0].Stream, _sent[2].Stream);
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
        Assert.Single(_sent);

        TimeOutTwice();

        Assert.Equal([1, 1], _sent.Select(Number));
        Assert.NotSame(_sent[0].Stream, _sent[1].Stream);
    }

    [Fact]
    public void A_late_ack_of_a_message_whose_lane_was_regained_counts_until_a_newer_attempt_is_sent()
    {
        Open();
        Claim();
        Read(1);
        Lose();
        Claim("OK 2.1 0-0 0 0");
        Read(1);
        Pass(Timeout);

        AnswerTo(_sent[0], Answer.Ack);

        Assert.Equal([Ending.Ack], _settlements.Select(settlement => settlement.Ending));
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
        Assert.Single(_sent);

        AnswerTo(_sent[0], Answer.Ack);

        Assert.Equal([Ending.Ack], _settlements.Select(settlement => settlement.Ending));
    }

    [Fact]
    public void A_late_nack_of_a_message_whose_lane_was_regained_leaves_it_to_be_sent_again()
    {
        Open();
        Claim();
        Read(1);
        Lose();
        Pass(Timeout);
        Claim("OK 2.1 0-0 0 0");
        Read(1);
        Assert.Single(_sent);

        AnswerTo(_sent[0], Answer.Nack);

        Assert.Equal([1, 1], _sent.Select(Number));
    }

    [Fact]
    public void A_consumed_message_makes_way_once_its_app_has_not_answered_in_time()
    {
        Open();
        Claim();
        Read(1);
        Apply(core => core.OnStepStarted(TokenOf(_sent[0])));
        EndStep(_sent[0], StepEnd.Consumed);
        Assert.Single(_core.Messages);

        Pass(Timeout);

        Assert.Empty(_core.Messages);
    }

    [Fact]
    public void Streams_and_lanes_take_turns_however_often_they_did_before()
    {
        Open();
        Open();
        Claim();
        TurnOf(DispatcherOf(_core)) = int.MaxValue;
        NextOf(_core.ReadAhead) = int.MaxValue;

        Read(1);
        Read(2);
        TurnOf(DispatcherOf(_core)) = uint.MaxValue;
        NextOf(_core.ReadAhead) = uint.MaxValue;
        Read(3);
        Read(4);

        Assert.Equal([1, 2, 3, 4], _sent.Select(Number));
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

        Assert.Empty(_sent);
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

        Assert.Equal(Lane.NoToken, _core.FencingTokenOf(TokenOf(_sent[0])));
        Read(1, worldLine: 2);
        Assert.Equal(Lane.NoToken, _core.FencingTokenOf(TokenOf(_sent[0])));
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

        Assert.Equal("2.1", _core.FencingTokenOf(TokenOf(_sent[0])));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_dispatcher")]
    private static extern ref Dispatcher DispatcherOf(SubscriptionCore core);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_turn")]
    private static extern ref uint TurnOf(Dispatcher dispatcher);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_next")]
    private static extern ref uint NextOf(ReadAhead ahead);

    private static long Number(Attempt attempt) => attempt.Message.Message.StreamId.Number;

    private static DeliveryToken TokenOf(Attempt attempt) => new("s1", "g", "t", 0, attempt.Message.Message.StreamId, attempt.Number, "i");

    private StreamWindow Open() => Apply(core => core.Open(this, new() { ProcessingTimeout = Timeout }, new()));

    private void Claim(string answer = "OK 1.1 0-0 0 0")
    {
        var claims = Apply(core => core.NextClaims(["s1"], "s1", true, this));
        Assert.Single(Apply(core => core.OnClaimed(claims, "s1", [ClaimResult.Parse(answer)], this)));
    }

    private void Lose() => Apply(core => core.OnSession("s1", lost: true));

    private void Read(long number, long worldLine = 1)
    {
        Apply(core => core.OnWakeUp(0, number, ""));
        var read = Apply(core => core.NextRead());
        Assert.NotNull(read);
        var streamId = new Position(worldLine, number);
        Apply(core => core.OnRead(read, [new(streamId, new(0, streamId, "", "", default, default, long.MaxValue, streamId))]));
    }

    private void AnswerTo(Attempt attempt, Answer answer) => Apply(core => core.OnAnswer(attempt.Stream, TokenOf(attempt), answer, Now));

    private void EndStep(Attempt attempt, StepEnd end) =>
        Apply(core => core.OnStepEnded(TokenOf(attempt), attempt, end, Lane.FencingToken, Now));

    private void Pass(TimeSpan time)
    {
        _now += time;
        Tick();
    }

    private void Tick()
    {
        Apply(core => core.OnTick(Now));
        _clockDue = _core.Arm();
    }

    /// <summary>The attempt that is out times out, and so does the one that follows it after the pause.</summary>
    private void TimeOutTwice()
    {
        Pass(Timeout);
        Pass(Timeout / 2);
        Pass(Timeout);
    }

    private void Apply(Action<SubscriptionCore> happen) =>
        Apply(core =>
        {
            happen(core);
            return true;
        });

    private T Apply<T>(Func<SubscriptionCore, T> happen)
    {
        var result = happen(_core);
        _core.Dispatch(Now);
        var effects = _core.TakeEffects();
        _sent.AddRange(effects.Attempts);
        _settlements.AddRange(effects.Settlements);
        if (effects.Workers.HasFlag(Workers.Clock))
        {
            _clockDue = _core.Arm();
        }

        return result;
    }
}

using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

/// <summary>Streams of one subscription with different settings: a hot reload, or several sidecars.</summary>
public sealed class HeldSettingsTests : IDeliveryOutlet, IMembershipView
{
    private static readonly SubscriptionOptions First = new() { MaxDeliveries = 1, DeadLetterTopic = "first" };
    private static readonly SubscriptionOptions Second = First with { MaxDeliveries = 2, RetryDelay = TimeSpan.FromSeconds(5) };

    private readonly SubscriptionCore _core = new("g", "t", 1, First, new Random(1));
    private readonly AppPresence _app = new();
    private readonly RecordedLog _log = new();

    string IDeliveryOutlet.SubscribedTopic => "t";

    bool IDeliveryOutlet.HasRoom => true;

    long IMembershipView.Begun => 0;

    void IDeliveryOutlet.Send(Delivery delivery) { }

    void IDeliveryOutlet.WriteOut() { }

    bool IMembershipView.IsDead(string session, long beat) => false;

    [Fact]
    public void The_settings_of_the_newest_open_stream_hold_and_a_warning_says_how_they_differ()
    {
        Open(First);
        Assert.Empty(_log.Lines);

        var newest = Open(Second);

        Assert.Equal(Second, _core.Options);
        var line = Assert.Single(_log.Lines);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Equal(
            "Streams of group g on topic t are open with different settings; those of the newest hold for all of them: "
                + "retryDelay 00:00:05 instead of 00:00:00.2000000, maxDeliveries 2 instead of 1",
            line.Text
        );

        Close(newest);
        Assert.Equal(First, _core.Options);
    }

    [Fact]
    public void The_settings_of_a_stream_that_took_the_place_of_another_hold_without_a_word()
    {
        Close(Open(First));
        Open(Second);

        Assert.Equal(Second, _core.Options);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Streams_may_differ_in_how_many_messages_they_take()
    {
        Open(First);
        Open(First with { MaxInFlight = 1, Concurrent = true });
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void A_dead_letter_goes_where_the_newest_stream_says()
    {
        Open(First);
        Open(First with { DeadLetterTopic = "second" });
        Claim();
        var attempt = Assert.Single(Read(1, ""));

        var settled = Apply(core => core.OnAnswer(attempt.Stream, TokenOf(attempt), Answer.Nack, default)).Settlements;

        Assert.Equal("second", Assert.Single(settled).DeadLetterTopic);
    }

    [Fact]
    public void A_processing_timeout_of_the_newest_stream_holds_for_what_is_out()
    {
        Open(First);
        Claim();
        Assert.Single(Read(1, ""));
        Assert.True(_core.NextDue > TimeSpan.FromSeconds(1));

        Open(First with { ProcessingTimeout = TimeSpan.FromSeconds(1) });

        Assert.Equal(TimeSpan.FromSeconds(1), _core.NextDue);
    }

    [Fact]
    public void Another_order_holds_for_messages_that_are_read_again_and_what_is_out_is_not_sent_twice()
    {
        Open(First with { Order = Order.None });
        Claim();
        var out1 = Assert.Single(Read(1, "k"));
        var out2 = Assert.Single(Read(2, "k"));

        Open(First with { Order = Order.Key, MaxInFlight = 1 });
        Assert.Empty(_core.Messages);
        Claim();
        Assert.Empty(Read(1, "k"));
        Assert.Empty(Read(2, "k"));
        Assert.Empty(Read(3, "k"));

        Acknowledge(out1);
        Assert.Equal([2, 3], _core.Messages.Select(message => message.Message.StreamId.Number));
        Acknowledge(out2);
        Assert.Equal(3, Assert.Single(_core.Messages).Message.StreamId.Number);
        Assert.Equal(MessageState.Sent, _core.Messages.Single().State);
    }

    private static DeliveryToken TokenOf(Attempt attempt) => new("s1", "g", "t", 0, attempt.Message.Message.StreamId, attempt.Number, "i");

    private StreamWindow Open(SubscriptionOptions options)
    {
        StreamWindow? stream = null;
        Apply(core => stream = core.Open(this, options, _app));
        return stream!;
    }

    private void Close(StreamWindow stream) => Apply(core => core.Close(stream, default));

    private void Claim()
    {
        IReadOnlyList<Claim> claims = [];
        Apply(core => claims = core.NextClaims(["s1"], "s1", true, this));
        Apply(core => core.OnClaimed(claims, "s1", [ClaimResult.Parse("OK 1.1 0-0 0 0")], this));
    }

    private Attempt[] Read(long number, string key)
    {
        StreamRead? read = null;
        Apply(core => core.OnWakeUp(0, number, ""));
        Apply(core => read = core.NextRead());
        var streamId = new Darq.Engine.Core.Position(1, number);
        return Apply(core =>
            core.OnRead(read!, [new(streamId, new(0, streamId, "", key, default, default, long.MaxValue, streamId))])
        ).Attempts;
    }

    private void Acknowledge(Attempt attempt)
    {
        var settled = Apply(core => core.OnAnswer(attempt.Stream, TokenOf(attempt), Answer.Ack, default)).Settlements;
        Apply(core => core.OnSettled(Assert.Single(settled), Engine.Subscriptions.Acks.SettlementOutcome.Done, default));
    }

    private Effects.Taken Apply(Action<SubscriptionCore> happen)
    {
        happen(_core);
        _core.Dispatch(default);
        var effects = _core.TakeEffects();
        foreach (var line in effects.Lines)
        {
            line(_log);
        }

        return effects;
    }
}

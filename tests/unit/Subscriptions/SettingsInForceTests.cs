using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

/// <summary>Streams of one subscription with different settings: a hot reload, or several sidecars.</summary>
public sealed class SettingsInForceTests : CoreTests
{
    private static readonly SubscriptionOptions First = new() { MaxDeliveries = 1, DeadLetterTopic = "first" };
    private static readonly SubscriptionOptions Second = First with { MaxDeliveries = 2, RetryDelay = TimeSpan.FromSeconds(5) };

    private readonly AppPresence _app = new();

    public SettingsInForceTests() => Options = First;

    [Fact]
    public void The_settings_of_the_newest_open_stream_hold_and_a_warning_says_how_they_differ()
    {
        Open(First);
        Assert.Empty(Log.Lines);

        var newest = Open(Second);

        Assert.Equal(Second, Core.Options);
        var line = Assert.Single(Log.Lines);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Equal(
            "Streams of group g on topic t are open with different settings; those of the newest hold for all of them: "
                + "retryDelay 00:00:05 instead of 00:00:00.2000000, maxDeliveries 2 instead of 1",
            line.Text
        );

        Close(newest);
        Assert.Equal(First, Core.Options);
    }

    [Fact]
    public void The_settings_of_a_stream_that_took_the_place_of_another_hold_without_a_word()
    {
        Close(Open(First));
        Open(Second);

        Assert.Equal(Second, Core.Options);
        Assert.Empty(Log.Lines);
    }

    [Fact]
    public void Streams_may_differ_in_how_many_messages_they_take()
    {
        Open(First);
        Open(First with { MaxInFlight = 1, Concurrent = true });
        Assert.Empty(Log.Lines);
    }

    [Fact]
    public void A_dead_letter_goes_where_the_newest_stream_says()
    {
        Open(First);
        Open(First with { DeadLetterTopic = "second" });
        Claim();
        var attempt = Assert.Single(Read(1, ""));

        AnswerTo(attempt, Answer.Nack);

        Assert.Equal("second", Assert.Single(Settlements).DeadLetterTopic);
    }

    [Fact]
    public void A_processing_timeout_of_the_newest_stream_holds_for_what_is_out()
    {
        Open(First);
        Claim();
        Assert.Single(Read(1, ""));
        Assert.True(Core.NextDue > TimeSpan.FromSeconds(1));

        Open(First with { ProcessingTimeout = TimeSpan.FromSeconds(1) });

        Assert.Equal(TimeSpan.FromSeconds(1), Core.NextDue);
    }

    [Fact]
    public void Another_order_holds_for_messages_that_are_read_again_and_what_is_out_is_not_sent_twice()
    {
        Open(First with { Order = Order.None });
        Claim();
        var out1 = Assert.Single(Read(1, "k"));
        var out2 = Assert.Single(Read(2, "k"));

        Open(First with { Order = Order.Key, MaxInFlight = 1 });
        Assert.Empty(Core.Messages);
        Claim();
        Assert.Empty(Read(1, "k"));
        Assert.Empty(Read(2, "k"));
        Assert.Empty(Read(3, "k"));

        Acknowledge(out1);
        Assert.Equal([2, 3], Core.Messages.Select(message => message.Message.StreamId.Number));
        Acknowledge(out2);
        Assert.Equal(3, Assert.Single(Core.Messages).Message.StreamId.Number);
        Assert.Equal(MessageState.Sent, Core.Messages.Single().State);
    }

    private StreamWindow Open(SubscriptionOptions options) => Open(options, _app);

    private Attempt[] Read(long number, string key)
    {
        var before = Sent.Count;
        base.Read(number, key: key);
        return [.. Sent[before..]];
    }

    private void Acknowledge(Attempt attempt)
    {
        AnswerTo(attempt, Answer.Ack);
        Settle(SettlementOutcome.Done);
    }
}

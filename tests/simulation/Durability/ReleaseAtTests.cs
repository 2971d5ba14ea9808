using Darq.Engine.Subscriptions;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>A subscription whose <c>releaseAt</c> changes while messages are on their way.</summary>
public sealed class ReleaseAtTests : UnconfirmedWorld
{
    private static readonly SubscriptionOptions Durable = new() { Concurrent = true };
    private static readonly SubscriptionOptions Applied = Durable with { ReleaseAt = ReleaseAt.Applied };
    private static readonly (string, string) Speculative = ("darq.ack", "speculative");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_message_that_waits_to_be_durable_goes_once_that_is_not_asked_for_any_more(bool isAppendedHere)
    {
        Follow(true);
        var engine = Start();
        var publisher = isAppendedHere ? engine : Start();
        var inbox = new Inbox { Acknowledges = true };
        engine.Attach("t", inbox, Durable);
        World.Run(seconds: 3);
        Follow(false);
        Assert.Equal("OK", publisher.Publish("t", "1", Speculative));
        World.Run(seconds: 10);
        Assert.Equal(0, inbox.Count);

        var applied = new Inbox { Acknowledges = true };
        engine.Attach("t", applied, Applied);

        World.Await(() => inbox.Count + applied.Count == 1, 5, "the message is delivered");
    }

    [Fact]
    public void What_was_taken_in_before_it_is_durable_waits_once_that_is_asked_for()
    {
        Follow(true);
        var engine = Start();
        var applied = new Inbox();
        var stream = engine.Attach("t", applied, Applied);
        World.Run(seconds: 3);
        Follow(false);
        foreach (var data in new[] { "1", "2" })
        {
            Assert.Equal("OK", engine.Publish("t", data, Speculative, ("partitionKey", "a")));
        }

        World.Await(() => applied.Count == 1, 5, "the first is delivered");

        var durable = new Inbox { Acknowledges = true };
        engine.Attach("t", durable, Durable);
        engine.Do(() => stream.Ack(applied.Last.Token));
        applied.Acknowledges = true;
        World.Run(seconds: 10);
        Assert.Equal((1, 0), (applied.Count, durable.Count));
        Follow(true);

        World.Await(() => applied.Count + durable.Count == 2, 10, "the second is delivered");
        World.Run(seconds: 10);
        Assert.Equal(["1", "2"], applied.Texts.Concat(durable.Texts));
    }
}

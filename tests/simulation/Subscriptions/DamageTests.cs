using Darq.Engine.Subscriptions;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>What becomes of a partition while a field of its header is damaged.</summary>
public sealed class DamageTests
{
    [Fact]
    public void Acknowledgement_counts_and_breaks_nothing_though_the_numbers_of_the_topic_are_damaged()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox);
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        Assert.True(world.Server.Overwrite(World.Tag() + ":m", "t:t"));

        engine.Do(() => stream.Ack(inbox.Last.Token));
        world.Run(seconds: 3);

        Assert.Equal("", world.Cli("HGET", World.Tag() + ":m", "broken"));
        world.Server.Damage.Mend();
        Assert.Equal("OK", engine.Publish("t", "2"));
        world.Await(() => inbox.Count == 2, 5, "the next message is delivered");
    }

    [Fact]
    public void Messages_of_a_retry_queue_wait_while_it_is_damaged_and_go_on_when_it_is_repaired()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var options = new SubscriptionOptions { RetryDelay = TimeSpan.FromSeconds(5), RetryQueueAfter = TimeSpan.Zero };
        var stream = engine.Attach("t", inbox, options);
        engine.Publish("t", "1", ("partitionKey", "k"));
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        engine.Do(() => stream.Nack(inbox.Last.Token));
        world.Await(() => world.Cli("ZCARD", World.Tag() + ":q:g:t") == "1", 5, "it is in the retry queue");
        world.Server.Damage.Overwrite(World.Tag() + ":q:g:t");

        world.Run(seconds: 30);
        Assert.Equal(1, inbox.Count);
        world.Server.Damage.Mend();

        world.Await(() => inbox.Count == 2, 10, "the message comes again");
    }
}

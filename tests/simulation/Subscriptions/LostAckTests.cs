using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>What this process goes by, it misses where Redis loses it, also when nothing else was lost.</summary>
public sealed class LostAckTests
{
    [Fact]
    public void Message_whose_acknowledgement_alone_was_lost_is_delivered_again()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox);
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        world.Run(seconds: 2);
        var before = world.Server.JournaledCalls;
        engine.Do(() => stream.Ack(inbox.Last.Token));
        world.Await(
            () => world.Cli("HGET", World.Tag() + ":m", "l:g:t").Contains(" 1 0 0 0 ", StringComparison.Ordinal),
            5,
            "it is applied"
        );
        world.Run(seconds: 1);
        inbox.Acknowledges = true;

        world.LoseSince(before);

        world.Await(() => inbox.Count == 2, 60, "the message is delivered again");
    }

    [Fact]
    public void Message_whose_move_to_the_retry_queue_alone_was_lost_is_delivered_again()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var options = new Darq.Engine.Subscriptions.SubscriptionOptions
        {
            Concurrent = true,
            RetryDelay = TimeSpan.FromSeconds(10),
            RetryQueueAfter = TimeSpan.Zero,
        };
        var stream = engine.Attach("t", inbox, options);
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        world.Run(seconds: 2);
        var before = world.Server.JournaledCalls;
        engine.Do(() => stream.Nack(inbox.Last.Token));
        world.Await(() => world.Cli("ZCARD", World.Tag() + ":q:g:t") == "1", 5, "it is in the retry queue");
        world.Run(seconds: 1);
        inbox.Acknowledges = true;

        world.LoseSince(before);

        world.Await(() => inbox.Count == 2, 60, "the message is delivered again");
    }
}

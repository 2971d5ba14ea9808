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
}

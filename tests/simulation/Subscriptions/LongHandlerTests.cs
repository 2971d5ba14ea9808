using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>A handler may work for hours in a component that does nothing else.</summary>
public sealed class LongHandlerTests
{
    [Fact]
    public void Step_of_a_handler_that_worked_for_hours_takes_effect()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        engine.Attach("t", inbox, new() { Concurrent = true, ProcessingTimeout = TimeSpan.Zero });
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");

        world.Run(seconds: 2.5 * 3600);

        Assert.Equal("OK", engine.Step("key", "value", inbox.Last.Token));
    }
}

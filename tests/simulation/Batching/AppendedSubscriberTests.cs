using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Batching;

/// <summary>Whoever is told of appended messages has a fault.</summary>
public sealed class AppendedSubscriberTests
{
    [Fact]
    public void Publishing_goes_on_after_a_fault_of_one_who_is_told_of_appended_messages()
    {
        using var world = new World();
        var engine = world.Start();
        var faults = 0;
        engine.Do(() =>
            engine.Primary.Appended += _ =>
            {
                if (faults++ == 0)
                {
                    throw new InvalidOperationException("A fault of a subscriber.");
                }
            }
        );
        engine.Publish("t", "first");

        var told = engine.Publish("t", "second");

        Assert.True(told == "OK", $"A message after the fault was told: {told}");
        Assert.Equal("first, second", string.Join(", ", world.StreamField(World.Tag() + ":t:t", "d")));
    }
}

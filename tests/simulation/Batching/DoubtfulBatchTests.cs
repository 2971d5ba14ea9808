using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Batching;

/// <summary>A batch took effect, its reply was lost, and then Redis refuses to be asked again.</summary>
public sealed class DoubtfulBatchTests
{
    [Theory]
    [InlineData("OOM")]
    [InlineData("NOPERM")]
    public void Message_that_is_told_OK_is_in_its_topic_though_the_batch_before_was_refused_in_doubt(string code)
    {
        using var world = new World();
        var engine = world.Start();
        engine.Redis.LoseNextReply();
        engine.Redis.RefuseNext(code);
        engine.Publish("t", "in doubt");

        var told = engine.Publish("t", "next");

        Assert.True(told == "OK", $"A message after the batch in doubt was told: {told}");
        Assert.True(world.StreamField(World.Tag() + ":t:t", "d").Contains("next"), "A message was told OK and is not in its topic.");
    }
}

using Darq.Engine.Core;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Steps;

/// <summary>Steps that a cluster of several shards could not do are counted.</summary>
public sealed class CrossPartitionTests
{
    [Fact]
    public void Step_that_consumes_in_one_partition_and_writes_in_another_is_counted()
    {
        using var world = new World();
        var engine = world.Start(new() { Name = "cross-partition", Partitions = 2 });
        var inbox = new Inbox();
        engine.Attach("t", inbox, new() { Concurrent = true });
        engine.Publish("t", "here", ("partitionKey", KeyIn(0)));
        engine.Publish("t", "there", ("partitionKey", KeyIn(1)));
        world.Await(() => inbox.Count == 2, 5, "both messages are delivered");

        Assert.Equal("OK", engine.Step($"{{{KeyIn(0)}}}", "1", inbox.Find("here").Token));
        Assert.Equal(0, engine.Primary.Counters.CrossPartitionSteps.Value);
        Assert.Equal("OK", engine.Step($"{{{KeyIn(0)}}}", "2", inbox.Find("there").Token));
        Assert.Equal(1, engine.Primary.Counters.CrossPartitionSteps.Value);
    }

    private static string KeyIn(int partition) =>
        Enumerable.Range(0, 1000).Select(i => $"key{i}").First(key => PartitionHash.Of(key, 2) == partition);
}

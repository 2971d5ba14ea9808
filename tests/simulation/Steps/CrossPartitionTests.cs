using System.Diagnostics.Metrics;
using Darq.Engine.Core;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Steps;

/// <summary>Steps that a cluster of several shards could not do are counted.</summary>
public sealed class CrossPartitionTests : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _counted;

    public CrossPartitionTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "darq.steps.cross_partition")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        // A simulated process runs on the thread of its test, beside those of other tests.
        _listener.SetMeasurementEventCallback<long>(
            (_, value, _, _) => _counted += Environment.CurrentManagedThreadId == _thread ? value : 0
        );
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void Step_that_consumes_in_one_partition_and_writes_in_another_is_counted()
    {
        using var world = new World();
        var engine = world.Start(new() { Name = "sim", Partitions = 2 });
        var inbox = new Inbox();
        engine.Attach("t", inbox, new() { Concurrent = true });
        engine.Publish("t", "here", ("partitionKey", KeyIn(0)));
        engine.Publish("t", "there", ("partitionKey", KeyIn(1)));
        world.Await(() => inbox.Count == 2, 5, "both messages are delivered");

        Assert.Equal("OK", engine.Step($"{{{KeyIn(0)}}}", "1", inbox.Find("here").Token));
        Assert.Equal(0, _counted);
        Assert.Equal("OK", engine.Step($"{{{KeyIn(0)}}}", "2", inbox.Find("there").Token));
        Assert.Equal(1, _counted);
    }

    private static string KeyIn(int partition) =>
        Enumerable.Range(0, 1000).Select(i => $"key{i}").First(key => PartitionHash.Of(key, 2) == partition);
}

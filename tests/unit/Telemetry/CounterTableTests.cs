using Darq.Engine.Telemetry;
using Xunit;

namespace Darq.Tests.Unit.Telemetry;

public sealed class CounterTableTests
{
    private readonly CounterTable<SubscriptionCounters> _table = new(3, labels => new(labels));

    [Fact]
    public void The_same_labels_have_the_same_counters() => Assert.Same(_table.Of("n", "g", "t"), _table.Of("n", "g", "t"));

    [Fact]
    public void Beyond_the_bound_everything_counts_together()
    {
        var (first, second) = (_table.Of("n", "g", "1"), _table.Of("n", "g", "2"));

        Assert.NotSame(first, second);
        Assert.Same(_table.Of("n", "g", "3"), _table.Of("n", "g", "4"));
        Assert.Same(second, _table.Of("n", "g", "2"));
        Assert.Equal(3, _table.All.Count());
        Assert.Equal("(other)", _table.Of("n", "g", "3").Labels.Topic);
    }
}

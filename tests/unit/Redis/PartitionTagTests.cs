using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class PartitionTagTests
{
    // As CLUSTER KEYSLOT answers.
    [Theory]
    [InlineData("123456789", 12_739)]
    [InlineData("foo", 12_182)]
    [InlineData("", 0)]
    public void A_slot_is_the_one_that_a_cluster_computes(string tag, int slot) => Assert.Equal(slot, PartitionTag.SlotOf(tag));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1024)]
    public void Each_partition_has_its_window_of_the_slots(int partitions)
    {
        for (var p = 0; p < partitions; p++)
        {
            var slot = PartitionTag.SlotOf(PartitionTag.Of("darq", p, partitions)[1..^1]);
            Assert.InRange(slot, p * PartitionTag.Slots / partitions, (p + 1) * PartitionTag.Slots / partitions - 1);
        }
    }

    [Fact]
    public void A_tag_names_namespace_and_partition_and_the_smallest_number_that_fits()
    {
        var tag = PartitionTag.Of("darq", 3, 64);
        var number = int.Parse(tag[1..^1].Split(':')[2], System.Globalization.CultureInfo.InvariantCulture);

        Assert.StartsWith("{darq:3:", tag, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, number), smaller => Assert.False(PartitionTag.SlotOf($"darq:3:{smaller}") is >= 768 and < 1024));
    }
}

using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Retries;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Retries;

public sealed class RetryQueueTests
{
    private static readonly TimeSpan Now = TimeSpan.FromDays(1);

    [Fact]
    public void By_key_the_messages_of_a_key_form_a_sequence_and_those_without_one_stand_alone()
    {
        var retryQueue = new RetryQueue(Order.Key);
        var sequence = retryQueue.Add("a", 3, Now, moving: true);
        var alone = retryQueue.Add("", 4, Now, moving: true);

        Assert.Same(sequence, retryQueue.Add("a", 7, TimeSpan.Zero, moving: true));
        Assert.Same(sequence, retryQueue.SequenceOf("a", 9));
        Assert.Null(retryQueue.SequenceOf("b", 9));
        Assert.Null(retryQueue.SequenceOf("", 9));
        Assert.Equal((3, 1), (retryQueue.Count, alone.Seqs.Count));
    }

    [Fact]
    public void Keys_with_one_FNV_hash_are_two_sequences()
    {
        const string key = "8yn0iYCKYHlIj4-BwPqk";
        const string other = "GReLUrM4wMqfg9yzV3KQ";
        Assert.Equal(PartitionHash.Of(key), PartitionHash.Of(other));
        var retryQueue = new RetryQueue(Order.Key);

        Assert.NotSame(retryQueue.Add(key, 1, Now, moving: true), retryQueue.Add(other, 2, Now, moving: true));
    }

    [Theory]
    [InlineData(nameof(Order.Partition), true)]
    [InlineData(nameof(Order.None), false)]
    public void The_order_decides_who_stands_behind_whom(string order, bool behind)
    {
        var retryQueue = new RetryQueue(Enum.Parse<Order>(order));
        var sequence = retryQueue.Add("a", 3, Now, moving: true);

        Assert.Equal(behind, retryQueue.SequenceOf("b", 4) == sequence);
        Assert.Equal(behind, retryQueue.SequenceOf("a", 4) == sequence);
    }

    [Fact]
    public void What_Redis_has_not_stored_is_not_fetched_nor_what_stands_behind_it()
    {
        var retryQueue = new RetryQueue(Order.Key);
        var sequence = retryQueue.Add("a", 1, Now, moving: true);
        for (var seq = 2; seq <= 4; seq++)
        {
            retryQueue.Add("a", seq, TimeSpan.Zero, moving: true);
        }

        retryQueue.Stored(2);
        Assert.Empty(retryQueue.First(sequence, 10));
        retryQueue.Stored(1);
        Assert.Equal([1, 2], retryQueue.First(sequence, 10));
        retryQueue.Stored(4);
        Assert.Equal([1], retryQueue.First(sequence, 1));
    }

    [Fact]
    public void Only_the_first_of_a_sequence_has_a_time_and_the_next_has_none()
    {
        var retryQueue = new RetryQueue(Order.Key);
        var sequence = retryQueue.Add("a", 1, Now, moving: true);
        retryQueue.Add("a", 2, TimeSpan.Zero, moving: true);
        retryQueue.Add("a", 3, TimeSpan.Zero, moving: true);

        retryQueue.Remove(sequence, 3);
        Assert.Equal(Now, sequence.Due);
        retryQueue.Remove(sequence, 1);
        Assert.Equal(TimeSpan.Zero, sequence.Due);
        retryQueue.Add("a", 2, Now + TimeSpan.FromSeconds(5), moving: true);
        Assert.Equal((1, Now + TimeSpan.FromSeconds(5)), (retryQueue.Count, sequence.Due));
    }

    [Fact]
    public void A_sequence_ends_with_its_last_message()
    {
        var retryQueue = new RetryQueue(Order.Key);
        retryQueue.Learn(new(new(1, 5), 0, 2, "a"), Now);
        var sequence = retryQueue.SequenceOf("a", 6)!;

        retryQueue.Remove(sequence, 5);

        Assert.Null(retryQueue.SequenceOf("a", 6));
        Assert.Equal((0, 5), (retryQueue.Count, retryQueue.KnownUpTo));
    }

    [Fact]
    public void A_lane_that_is_dropped_forgets_its_retry_queue()
    {
        var lane = new Lane(0, Order.Key);
        lane.Retries.Add("a", 1, Now, moving: true);
        lane.Retries.IsKnown = true;

        lane.Drop();

        Assert.Equal((0, false, null), (lane.Retries.Count, lane.Retries.IsKnown, lane.Retries.SequenceOf("a", 2)));
    }
}

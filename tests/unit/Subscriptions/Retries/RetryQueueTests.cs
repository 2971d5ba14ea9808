using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Retries;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Retries;

public sealed class RetryQueueTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(1);

    [Fact]
    public void By_key_the_messages_of_a_key_form_a_line_and_those_without_one_stand_alone()
    {
        var retryQueue = new RetryQueue(Order.Key);
        var sequence = retryQueue.Park("a", 3, Now);
        var alone = retryQueue.Park("", 4, Now);

        Assert.Same(sequence, retryQueue.Park("a", 7, default));
        Assert.Same(sequence, retryQueue.SequenceOf("a", 9));
        Assert.Null(retryQueue.SequenceOf("b", 9));
        Assert.Null(retryQueue.SequenceOf("", 9));
        Assert.Equal((3, 1), (retryQueue.Count, alone.Seqs.Count));
    }

    [Theory]
    [InlineData(nameof(Order.Partition), true)]
    [InlineData(nameof(Order.None), false)]
    public void The_order_decides_who_stands_behind_whom(string order, bool behind)
    {
        var retryQueue = new RetryQueue(Enum.Parse<Order>(order));
        var sequence = retryQueue.Park("a", 3, Now);

        Assert.Equal(behind, retryQueue.SequenceOf("b", 4) == sequence);
        Assert.Equal(behind, retryQueue.SequenceOf("a", 4) == sequence);
    }

    [Fact]
    public void What_Redis_was_not_told_of_is_not_fetched_nor_what_stands_behind_it()
    {
        var retryQueue = new RetryQueue(Order.Key);
        var sequence = retryQueue.Park("a", 1, Now);
        for (var seq = 2; seq <= 4; seq++)
        {
            retryQueue.Park("a", seq, default);
        }

        retryQueue.Told(2);
        Assert.Empty(retryQueue.First(sequence, 10));
        retryQueue.Told(1);
        Assert.Equal([1, 2], retryQueue.First(sequence, 10));
        retryQueue.Told(4);
        Assert.Equal([1], retryQueue.First(sequence, 1));
    }

    [Fact]
    public void Only_the_first_of_a_line_has_a_time_and_the_next_has_none()
    {
        var retryQueue = new RetryQueue(Order.Key);
        var sequence = retryQueue.Park("a", 1, Now);
        retryQueue.Park("a", 2, default);
        retryQueue.Park("a", 3, default);

        retryQueue.Remove(sequence, 3);
        Assert.Equal(Now, sequence.Due);
        retryQueue.Remove(sequence, 1);
        Assert.Equal(DateTimeOffset.MinValue, sequence.Due);
        retryQueue.Park("a", 2, Now.AddSeconds(5));
        Assert.Equal((1, Now.AddSeconds(5)), (retryQueue.Count, sequence.Due));
    }

    [Fact]
    public void A_line_ends_with_its_last_message()
    {
        var retryQueue = new RetryQueue(Order.Key);
        retryQueue.Learn(new(new(1, 5), 0, 2, "a"), Now);
        var sequence = retryQueue.SequenceOf("a", 6)!;

        retryQueue.Remove(sequence, 5);

        Assert.Null(retryQueue.SequenceOf("a", 6));
        Assert.Equal((0, 5), (retryQueue.Count, retryQueue.KnownUpTo));
    }

    [Fact]
    public void A_lane_that_is_dropped_forgets_its_mailbox()
    {
        var lane = new Lane(0, Order.Key);
        lane.RetryQueue.Park("a", 1, Now);
        lane.RetryQueue.IsKnown = true;

        lane.Drop();

        Assert.Equal((0, false, null), (lane.RetryQueue.Count, lane.RetryQueue.IsKnown, lane.RetryQueue.SequenceOf("a", 2)));
    }
}

using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Ownership;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

public sealed class LaneTests
{
    [Fact]
    public void By_key_a_message_waits_for_the_earlier_ones_of_its_key_only()
    {
        var lane = new Lane(0, Order.Key);
        var (a1, a2, b1) = (Entry(lane, 1, "a"), Entry(lane, 2, "a"), Entry(lane, 3, "b"));

        Assert.True(lane.Add(a1));
        Assert.False(lane.Add(a2));
        Assert.True(lane.Add(b1));
        Assert.Equal((true, false, true), (lane.IsFirst(a1), lane.IsFirst(a2), lane.IsFirst(b1)));
        Assert.Null(lane.Remove(b1));
        Assert.Same(a2, lane.Remove(a1));
        Assert.True(lane.IsFirst(a2));
    }

    [Fact]
    public void By_key_messages_without_a_key_wait_for_nobody()
    {
        var lane = new Lane(0, Order.Key);

        Assert.True(lane.Add(Entry(lane, 1, "")));
        Assert.True(lane.Add(Entry(lane, 2, "")));
    }

    [Fact]
    public void By_partition_every_message_waits_for_all_before_it()
    {
        var lane = new Lane(0, Order.Partition);
        var (first, second) = (Entry(lane, 1, "a"), Entry(lane, 2, ""));

        Assert.True(lane.Add(first));
        Assert.False(lane.Add(second));
        Assert.Same(second, lane.Remove(first));
    }

    [Fact]
    public void Without_order_no_message_waits_even_for_its_own_key()
    {
        var lane = new Lane(0, Order.None);
        var (first, second) = (Entry(lane, 1, "a"), Entry(lane, 2, "a"));

        Assert.True(lane.Add(first));
        Assert.True(lane.Add(second));
        Assert.Null(lane.Remove(second));
        Assert.Null(lane.Remove(first));
        Assert.Empty(lane.Entries);
    }

    [Fact]
    public void Finishing_a_message_before_an_earlier_one_of_its_key_is_a_fault()
    {
        var lane = new Lane(0, Order.Key);
        var (first, second) = (Entry(lane, 1, "a"), Entry(lane, 2, "a"));
        lane.Add(first);
        lane.Add(second);

        Assert.Throws<InvalidOperationException>(() => lane.Remove(second));
    }

    [Fact]
    public void Finishing_a_message_twice_releases_nobody_twice()
    {
        var lane = new Lane(0, Order.Key);
        var (first, second) = (Entry(lane, 1, "a"), Entry(lane, 2, "a"));
        lane.Add(first);
        lane.Add(second);

        Assert.Same(second, lane.Remove(first));
        Assert.Null(lane.Remove(first));
        Assert.True(lane.IsFirst(second));
    }

    [Fact]
    public void A_key_is_free_again_after_its_last_message()
    {
        var lane = new Lane(0, Order.Key);
        var first = Entry(lane, 1, "a");
        lane.Add(first);
        lane.Remove(first);

        Assert.True(lane.Add(Entry(lane, 2, "a")));
    }

    [Fact]
    public void A_dropped_lane_holds_nothing_and_ends_what_was_begun()
    {
        var lane = new Lane(0, Order.Key);
        var entry = Entry(lane, 1, "a");
        lane.Hold("s1", new("1.1", new(1, 0), 0, 0, []));
        lane.Add(entry);
        var epoch = lane.Epoch;

        lane.Drop();

        Assert.Equal((false, EntryState.Finished, epoch + 1), (lane.Held, entry.State, lane.Epoch));
        Assert.Empty(lane.Entries);
        Assert.True(lane.Add(Entry(lane, 2, "a")));
    }

    [Fact]
    public void A_new_holder_knows_what_was_passed_out_of_order()
    {
        var lane = new Lane(0, Order.Key);
        lane.Hold("s1", ClaimResult.Parse("OK 1.1 1-4 0 0 6:7 9:9")!);

        Assert.Equal([false, true, true, false, true, false], new long[] { 5, 6, 7, 8, 9, 10 }.Select(lane.HadPassed));
        Assert.Equal((new Position(1, 4), 4), (lane.ReadUpTo, lane.Tail));
    }

    [Fact]
    public void From_the_second_death_at_one_message_a_lane_sends_one_at_a_time_until_that_message_is_finished()
    {
        var lane = new Lane(0, Order.Key);
        lane.Hold("s1", ClaimResult.Parse("OK 1.3 1-4 2 0")!);
        var (suspect, other) = (Entry(lane, 5, "a"), Entry(lane, 6, "b"));
        lane.Add(suspect);
        lane.Add(other);

        Assert.Equal((5, 2, true), (lane.Suspect, lane.TakeOvers, lane.MaySend));
        suspect.State = EntryState.Sent;
        Assert.False(lane.MaySend);
        suspect.State = EntryState.BackingOff;
        Assert.True(lane.MaySend);
        other.State = EntryState.Sent;
        Assert.False(lane.MaySend);
        lane.Remove(suspect);
        Assert.True(lane.MaySend);
    }

    [Fact]
    public void One_death_makes_no_message_suspicious_yet()
    {
        var lane = new Lane(0, Order.Key);
        lane.Hold("s1", ClaimResult.Parse("OK 1.2 1-4 1 0")!);
        var first = Entry(lane, 5, "a");
        lane.Add(first);
        first.State = EntryState.Sent;

        Assert.Equal((5, true), (lane.Suspect, lane.MaySend));
    }

    [Fact]
    public void A_lane_that_yields_or_is_doubted_sends_nothing_until_it_is_kept()
    {
        var lane = new Lane(0, Order.Key);
        lane.Hold("s1", ClaimResult.Parse("OK 1.1 1-0 0 0")!);

        lane.Yield(DateTimeOffset.UnixEpoch);
        Assert.False(lane.MaySend);
        lane.Keep(default);
        Assert.True(lane.MaySend);
        lane.Doubt();
        Assert.Equal((false, true), (lane.MaySend, lane.Held));
    }

    [Fact]
    public void A_lane_that_is_not_held_cannot_be_doubted()
    {
        var lane = new Lane(0, Order.Key);

        lane.Doubt();

        Assert.False(lane.Held);
    }

    private static Entry Entry(Lane lane, long seq, string key) =>
        new(lane, new(0, new(1, seq), "", key, "x"u8.ToArray(), default, long.MaxValue, new(1, seq)));
}

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
        var (a1, a2, b1) = (Of(lane, 1, "a"), Of(lane, 2, "a"), Of(lane, 3, "b"));

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

        Assert.True(lane.Add(Of(lane, 1, "")));
        Assert.True(lane.Add(Of(lane, 2, "")));
    }

    [Fact]
    public void By_partition_every_message_waits_for_all_before_it()
    {
        var lane = new Lane(0, Order.Partition);
        var (first, second) = (Of(lane, 1, "a"), Of(lane, 2, ""));

        Assert.True(lane.Add(first));
        Assert.False(lane.Add(second));
        Assert.Same(second, lane.Remove(first));
    }

    [Fact]
    public void Without_order_no_message_waits_even_for_its_own_key()
    {
        var lane = new Lane(0, Order.None);
        var (first, second) = (Of(lane, 1, "a"), Of(lane, 2, "a"));

        Assert.True(lane.Add(first));
        Assert.True(lane.Add(second));
        Assert.Null(lane.Remove(second));
        Assert.Null(lane.Remove(first));
        Assert.Empty(lane.Messages);
    }

    [Fact]
    public void Finishing_a_message_before_an_earlier_one_of_its_key_is_a_fault()
    {
        var lane = new Lane(0, Order.Key);
        var (first, second) = (Of(lane, 1, "a"), Of(lane, 2, "a"));
        lane.Add(first);
        lane.Add(second);

        Assert.Throws<InvalidOperationException>(() => lane.Remove(second));
    }

    [Fact]
    public void Finishing_a_message_twice_releases_nobody_twice()
    {
        var lane = new Lane(0, Order.Key);
        var (first, second) = (Of(lane, 1, "a"), Of(lane, 2, "a"));
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
        var first = Of(lane, 1, "a");
        lane.Add(first);
        lane.Remove(first);

        Assert.True(lane.Add(Of(lane, 2, "a")));
    }

    [Fact]
    public void A_dropped_lane_holds_nothing_and_ends_what_was_begun()
    {
        var lane = new Lane(0, Order.Key);
        var message = Of(lane, 1, "a");
        lane.Own("s1", ClaimResult.Parse("OK 1.1 1-0 0 0"), 0);
        lane.Add(message);
        var epoch = lane.Epoch;

        lane.Drop();

        Assert.Equal((false, MessageState.Gone, epoch + 1), (lane.Owned, message.State, lane.Epoch));
        Assert.Empty(lane.Messages);
        Assert.True(lane.Add(Of(lane, 2, "a")));
    }

    [Fact]
    public void A_new_owner_knows_what_was_acknowledged_out_of_order()
    {
        var lane = new Lane(0, Order.Key);
        lane.Own("s1", ClaimResult.Parse("OK 1.1 1-4 0 0 6:7 9:9"), 0);

        Assert.Equal([false, true, true, false, true, false], new long[] { 5, 6, 7, 8, 9, 10 }.Select(lane.WasAcked));
        Assert.Equal((new Position(1, 4), 4), (lane.ReadUpTo, lane.Tail));
    }

    [Fact]
    public void From_the_second_death_at_one_message_a_lane_sends_one_at_a_time_until_that_message_is_finished()
    {
        var lane = new Lane(0, Order.Key);
        lane.Own("s1", ClaimResult.Parse("OK 1.3 1-4 2 0"), 0);
        var (suspect, other) = (Of(lane, 5, "a"), Of(lane, 6, "b"));
        lane.Add(suspect);
        lane.Add(other);

        Assert.Equal((5, 2, true), (lane.Suspect, lane.TakeOvers, lane.MaySend));
        lane.Move(suspect, MessageState.Sent);
        Assert.False(lane.MaySend);
        lane.Move(suspect, MessageState.BackingOff);
        Assert.True(lane.MaySend);
        lane.Move(other, MessageState.Sent);
        Assert.False(lane.MaySend);
        lane.Remove(suspect);
        Assert.True(lane.MaySend);
    }

    [Fact]
    public void One_death_makes_no_message_suspicious_yet()
    {
        var lane = new Lane(0, Order.Key);
        lane.Own("s1", ClaimResult.Parse("OK 1.2 1-4 1 0"), 0);
        var first = Of(lane, 5, "a");
        lane.Add(first);
        lane.Move(first, MessageState.Sent);

        Assert.Equal((5, true), (lane.Suspect, lane.MaySend));
    }

    [Fact]
    public void Only_a_lane_that_delivers_sends_and_one_that_drains_or_is_suspended_is_still_owned()
    {
        var lane = new Lane(0, Order.Key);
        Assert.Equal((false, false), (lane.Owned, lane.MaySend));

        lane.Own("s1", ClaimResult.Parse("OK 1.1 1-0 0 0"), 0);
        Assert.Equal((true, true), (lane.Owned, lane.MaySend));
        lane.State = LaneState.Draining;
        Assert.Equal((true, false), (lane.Owned, lane.MaySend));
        lane.State = LaneState.Suspended;
        Assert.Equal((true, false), (lane.Owned, lane.MaySend));
    }

    [Fact]
    public void A_lane_whose_outcomes_Redis_refuses_sends_nothing_meanwhile()
    {
        var lane = new Lane(0, Order.Key);
        lane.Own("s1", ClaimResult.Parse("OK 1.1 1-0 0 0"), 0);

        lane.Refused++;

        Assert.False(lane.MaySend);
    }

    [Fact]
    public void What_is_with_an_app_or_settling_is_out()
    {
        var lane = new Lane(0, Order.None);
        var (first, second) = (Of(lane, 1, ""), Of(lane, 2, ""));
        lane.Add(first);
        lane.Add(second);

        lane.Move(first, MessageState.Sent);
        lane.Move(second, MessageState.Sent);
        lane.Move(first, MessageState.Settling);
        Assert.Equal(2, lane.Out);
        lane.Move(second, MessageState.BackingOff);
        lane.Remove(first);
        lane.Remove(first);
        Assert.Equal(0, lane.Out);
    }

    [Fact]
    public void A_recovery_that_lost_nothing_keeps_what_is_in_memory_under_the_new_token()
    {
        var lane = new Lane(0, Order.Key);
        lane.Own("s1", ClaimResult.Parse("OK 1.1 1-0 0 0"), 0);
        lane.Add(Of(lane, 1, "a"));

        lane.Resume("2.1");

        Assert.Equal(("2.1", 2L, "s1", true), (lane.FencingToken, lane.WorldLine, lane.Session, lane.MaySend));
        Assert.Single(lane.Messages);
    }

    private static LaneMessage Of(Lane lane, long seq, string key) =>
        new(lane, new(0, new(1, seq), "", key, "x"u8.ToArray(), default, long.MaxValue, new(1, seq)));
}

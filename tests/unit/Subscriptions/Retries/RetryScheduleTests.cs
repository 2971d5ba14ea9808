using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Retries;

public sealed class RetryScheduleTests
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Lane[] _lanes = [new(0, Order.Key), new(1, Order.Key)];
    private readonly Effects _effects = new();
    private readonly RetrySchedule _schedule;

    public RetryScheduleTests()
    {
        _schedule = new(_lanes, _effects);
        foreach (var lane in _lanes)
        {
            lane.Own("me", ClaimResult.Parse("OK 1.1 1-0 0 0"), 0);
        }
    }

    [Fact]
    public void What_is_to_be_moved_is_handed_out_once_and_by_lane()
    {
        Move(_lanes[0], 1, "a", Now);
        Move(_lanes[1], 1, "a", Now);
        Move(_lanes[0], 2, "b", Now);

        Assert.Equal(Workers.RetryMover, _effects.Take().Workers);
        Assert.Equal(
            [
                [1, 2],
                [1],
            ],
            Numbers(_schedule.NextMoves())
        );
        Assert.Empty(_schedule.NextMoves());
    }

    [Fact]
    public void Moves_that_Redis_refused_come_again()
    {
        Move(_lanes[0], 1, "a", Now);

        _schedule.Repeat(_schedule.NextMoves()[0]);

        Assert.Equal(
            [
                [1],
            ],
            Numbers(_schedule.NextMoves())
        );
    }

    [Fact]
    public void A_message_is_fetched_once_it_is_stored_and_due()
    {
        Move(_lanes[0], 1, "a", Now + Second);
        Assert.Empty(_schedule.NextFetches(Now + Second, out var unknown));
        Assert.Equal(Timeout.InfiniteTimeSpan, unknown);

        Store();

        Assert.Empty(_schedule.NextFetches(Now, out var wait));
        Assert.Equal(Second, wait);
        Assert.Equal([1], Assert.Single(_schedule.NextFetches(Now + Second, out _)).Seqs);
        Assert.Empty(_schedule.NextFetches(Now + Second, out _));
    }

    [Fact]
    public void A_sequence_that_an_earlier_message_joined_while_its_first_was_in_memory_is_fetched_when_that_one_is_stored_again()
    {
        var sequence = Move(_lanes[0], 7, "a", Now);
        Store();
        Assert.Equal([7], Assert.Single(_schedule.NextFetches(Now, out _)).Seqs);
        Move(_lanes[0], 3, "a", Now);
        Store();
        Assert.Empty(_schedule.NextFetches(Now, out _));

        Move(_lanes[0], 7, "a", Now + Second);
        sequence.InMemory = 0;
        Store();

        Assert.Equal([3, 7], Assert.Single(_schedule.NextFetches(Now, out _)).Seqs);
    }

    [Fact]
    public void A_sequence_whose_first_message_comes_again_later_is_fetched_then_and_once()
    {
        var sequence = Move(_lanes[0], 1, "a", Now);
        Store();
        Assert.Single(_schedule.NextFetches(Now, out _));
        Move(_lanes[0], 1, "a", Now + Second);
        Move(_lanes[0], 2, "a", Now);
        sequence.InMemory = 0;
        Store();

        Assert.Empty(_schedule.NextFetches(Now, out var wait));
        Assert.Equal(Second, wait);
        Assert.Equal([1, 2], Assert.Single(_schedule.NextFetches(Now + Second, out _)).Seqs);
        Assert.Empty(_schedule.NextFetches(Now + Second, out wait));
        Assert.Equal(Timeout.InfiniteTimeSpan, wait);
    }

    [Theory]
    [InlineData(nameof(LaneState.Draining))]
    [InlineData(nameof(LaneState.Suspended))]
    public void What_is_due_of_a_lane_that_sends_nothing_is_looked_at_again_later(string state)
    {
        Move(_lanes[0], 1, "a", Now);
        Store();
        _lanes[0].State = Enum.Parse<LaneState>(state);

        Assert.Empty(_schedule.NextFetches(Now, out var wait));
        Assert.Equal(Second, wait);
        _lanes[0].State = LaneState.Delivering;
        Assert.Single(_schedule.NextFetches(Now + Second, out _));
    }

    [Fact]
    public void What_was_to_be_moved_of_a_dropped_lane_is_forgotten()
    {
        Move(_lanes[0], 1, "a", Now);
        Move(_lanes[1], 2, "a", Now);

        Drop(_lanes[0]);

        Assert.Equal(
            [
                [2],
            ],
            Numbers(_schedule.NextMoves())
        );
    }

    [Fact]
    public void What_was_to_be_fetched_of_a_dropped_lane_is_forgotten()
    {
        Move(_lanes[0], 1, "a", Now + Second);
        Move(_lanes[1], 2, "a", Now + 2 * Second);
        Store();

        Drop(_lanes[0]);

        // That of the dropped one would have been due earlier.
        Assert.Empty(_schedule.NextFetches(Now, out var wait));
        Assert.Equal(2 * Second, wait);
        Assert.Equal([2], Assert.Single(_schedule.NextFetches(Now + 2 * Second, out _)).Seqs);
    }

    [Fact]
    public void Nothing_of_lanes_that_are_dropped_again_and_again_adds_up()
    {
        for (var i = 0; i < 100; i++)
        {
            Move(_lanes[0], 1, "a", Now + Second);
            Store();
            Move(_lanes[0], 2, "b", Now + Second);
            Drop(_lanes[0]);
            _lanes[0].Own("me", ClaimResult.Parse("OK 1.1 1-0 0 0"), 0);
        }

        Assert.Empty(_schedule.NextFetches(Now, out var wait));
        Assert.Equal(Timeout.InfiniteTimeSpan, wait);
        Assert.Empty(_schedule.NextMoves());
        Assert.Equal(0, _lanes[0].Retries.Count);
    }

    private RetrySequence Move(Lane lane, long seq, string key, TimeSpan due) =>
        _schedule.Move(lane, new Message(lane.Partition, new(1, seq), "", key, default, default, long.MaxValue, new(1, seq)), due, 1);

    /// <summary>Redis takes all that is to be moved.</summary>
    private void Store()
    {
        foreach (var move in _schedule.NextMoves().SelectMany(moves => moves))
        {
            _schedule.Stored(move);
        }
    }

    private void Drop(Lane lane)
    {
        lane.Drop();
        _schedule.Forget();
    }

    private static IEnumerable<IEnumerable<long>> Numbers(IReadOnlyList<RetryMove[]> moves) =>
        moves.Select(lane => lane.Select(move => move.StreamId.Number));
}

using Darq.Engine.Subscriptions.Ownership;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Ownership;

/// <summary>Who should hold which lane.</summary>
public sealed class RendezvousTests
{
    private static readonly string[] Sessions =
    [
        .. Enumerable
            .Range(0, 12)
            .Select(i => new Random(i).NextInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture)),
    ];

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Lanes_are_spread_evenly_over_the_candidates(int count)
    {
        // Over many topics, so that the spread is that of the hash and not of one throw.
        var shares = Enumerable
            .Range(0, 100)
            .SelectMany(topic => Rendezvous.Assign(Sessions[..count], $"g:t{topic}", 64))
            .CountBy(session => session)
            .ToDictionary();

        Assert.Equal(count, shares.Count);
        Assert.All(shares.Values, lanes => Assert.InRange(lanes, 6400 / count * 0.93, 6400 / count * 1.07));
    }

    [Fact]
    public void One_topic_leaves_no_candidate_far_below_its_share()
    {
        var least = Enumerable
            .Range(0, 100)
            .Select(topic => Rendezvous.Assign(Sessions[..2], $"g:t{topic}", 64).CountBy(session => session).Min(share => share.Value));

        Assert.InRange(least.Min(), 16, 32);
    }

    [Fact]
    public void One_who_comes_takes_only_its_share_and_moves_nothing_between_the_others()
    {
        var before = Rendezvous.Assign(Sessions[..5], "g:t", 64);

        var after = Rendezvous.Assign(Sessions[..6], "g:t", 64);

        var moved = before.Zip(after).Where(lane => lane.First != lane.Second).ToArray();
        Assert.All(moved, lane => Assert.Equal(Sessions[5], lane.Second));
        Assert.InRange(moved.Length, 1, 22);
    }

    [Fact]
    public void The_order_in_which_candidates_are_known_changes_nothing() =>
        Assert.Equal(Rendezvous.Assign(Sessions, "g:t", 64), Rendezvous.Assign([.. Sessions.Reverse()], "g:t", 64));

    [Fact]
    public void A_single_candidate_holds_everything() =>
        Assert.All(Rendezvous.Assign(["one"], "g:t", 64), session => Assert.Equal("one", session));
}

using System.Text;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Ownership;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Ownership;

/// <summary>What a heartbeat tells of the others.</summary>
public sealed class MembershipSnapshotTests
{
    [Fact]
    public void Members_take_what_they_announce_and_are_listed_in_one_order_for_everybody()
    {
        var snapshot = Read("s3", "0", "g:t g:u", "s1", "0", "g:t", "s2", "0", "-");

        Assert.Equal(["s1", "s3"], snapshot.TakersOf("g:t"));
        Assert.Equal(["s3"], snapshot.TakersOf("g:u"));
        Assert.Empty(snapshot.TakersOf("g"));
    }

    [Fact]
    public void A_member_that_takes_nothing_is_alive()
    {
        var snapshot = Read("s2", "0", MembershipSnapshot.Nothing);

        Assert.True(snapshot.Has("s2"));
        Assert.False(snapshot.Has("s1"));
    }

    [Fact]
    public void Who_wrote_a_heartbeat_within_a_time_is_told_from_the_others()
    {
        var snapshot = Read("s1", "499", "-", "s2", "500", "-", "s3", "0", "!");

        Assert.Equal(["s1"], snapshot.HeardWithin(TimeSpan.FromMilliseconds(500)));
        Assert.Equal(["s3"], snapshot.Damaged);
    }

    [Fact]
    public void Groups_and_topics_are_told_apart_whatever_their_names()
    {
        Assert.NotEqual(MembershipSnapshot.Name("a:b", "c"), MembershipSnapshot.Name("a", "b:c"));
        Assert.DoesNotContain(' ', MembershipSnapshot.Name("a b", "c d"));
    }

    private static MembershipSnapshot Read(params string[] words) =>
        MembershipSnapshot.Read(1, RedisReply.Of([.. words.Prepend("1000").Select(word => RedisReply.Of(Encoding.UTF8.GetBytes(word)))]));
}

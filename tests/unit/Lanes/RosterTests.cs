using System.Text;
using Darq.Lanes;
using Darq.Redis;
using Xunit;

namespace Darq.Tests.Unit.Lanes;

/// <summary>What a heartbeat tells of the others.</summary>
public sealed class RosterTests
{
    [Fact]
    public void Members_take_what_they_announce_and_are_listed_in_one_order_for_everybody()
    {
        var roster = Read("s3", "g:t g:u", "s1", "g:t", "s2", "-");

        Assert.Equal(["s1", "s3"], roster.TakersOf("g:t"));
        Assert.Equal(["s3"], roster.TakersOf("g:u"));
        Assert.Empty(roster.TakersOf("g"));
    }

    [Fact]
    public void A_member_that_takes_nothing_is_alive()
    {
        var roster = Read("s2", Roster.Nothing);

        Assert.True(roster.Has("s2"));
        Assert.False(roster.Has("s1"));
    }

    [Fact]
    public void Groups_and_topics_are_told_apart_whatever_their_names()
    {
        Assert.NotEqual(Roster.Name("a:b", "c"), Roster.Name("a", "b:c"));
        Assert.DoesNotContain(' ', Roster.Name("a b", "c d"));
    }

    private static Roster Read(params string[] words) =>
        Roster.Read(1, RedisReply.Of([.. words.Select(word => RedisReply.Of(Encoding.UTF8.GetBytes(word)))]));
}

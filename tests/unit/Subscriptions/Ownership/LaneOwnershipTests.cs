using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Ownership;

public sealed class LaneOwnershipTests
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);
    private static readonly string[] Ours = ["me", "me"];
    private static readonly string[] Others = ["other", "other"];

    private readonly Lane[] _lanes = [new(0, Order.Key), new(1, Order.Key)];
    private readonly Members _members = new();
    private readonly LaneOwnership _ownership;
    private bool _hasOrphans;

    public LaneOwnershipTests()
    {
        var effects = new Effects();
        _ownership = new(_lanes, effects, new("g", "t", effects), _ => !_hasOrphans, Drop);
    }

    private Lane Lane => _lanes[0];

    [Fact]
    public void Lanes_assigned_to_us_are_claimed_and_delivered_from()
    {
        var claims = _ownership.NextClaims(["me", "other"], "me", whole: false, _members);

        Assert.Equal([new Claim(Lane, "", "")], claims);
        Assert.True(Answer(claims[0], "OK 1.1 1-0 0 0"));
        Assert.Equal((LaneState.Delivering, "1.1", "me"), (Lane.State, Lane.FencingToken, Lane.Session));
        Assert.Empty(_ownership.NextClaims(["me", "other"], "me", whole: true, _members));
    }

    [Fact]
    public void Nothing_is_claimed_or_released_while_the_assignment_is_not_known()
    {
        Own(Lane);

        Assert.Empty(_ownership.NextClaims(null, "me", whole: true, _members));
        Assert.Empty(_ownership.NextReleases(null, "me", isTaking: true, Now));
        Assert.True(Lane.MaySend);
    }

    [Fact]
    public void A_suspended_lane_sends_nothing_until_Redis_says_that_it_is_ours()
    {
        Own(Lane);
        var epoch = Lane.Epoch;

        _ownership.Suspend(_lanes);
        Assert.Equal((true, false), (Lane.Owned, Lane.MaySend));
        var claim = Assert.Single(_ownership.NextClaims(Others, "me", whole: false, _members));
        Assert.Equal("1.1", claim.FencingToken);

        Assert.False(Answer(claim, "OK 1.1 1-0 0 0"));
        Assert.Equal((true, epoch), (Lane.MaySend, Lane.Epoch));
    }

    [Fact]
    public void A_lane_whose_claim_met_damage_is_claimed_until_Redis_says_whose_it_is()
    {
        var claim = _ownership.NextClaims(Ours, "me", whole: false, _members)[0];
        Assert.False(Answer(claim, "DAMAGED key {darq:0}:m: field lsn is no number"));

        // Once it is mended it may still name us its owner, and then no other gets it.
        var again = Assert.Single(_ownership.NextClaims(Others, "me", whole: false, _members), one => one.Lane == Lane);
        Assert.False(Answer(again, "HELD other"));

        Assert.DoesNotContain(_ownership.NextClaims(Others, "me", whole: false, _members), one => one.Lane == Lane);
    }

    [Fact]
    public void A_suspended_lane_that_had_another_owner_meanwhile_is_begun_anew()
    {
        Own(Lane);
        var epoch = Lane.Epoch;
        _ownership.Suspend(_lanes);

        Assert.True(Answer(_ownership.NextClaims(Ours, "me", whole: false, _members)[0], "OK 1.3 1-5 0 0"));

        Assert.Equal((true, epoch + 1, "1.3", 5L), (Lane.MaySend, Lane.Epoch, Lane.FencingToken, Lane.ReadUpTo.Number));
    }

    [Fact]
    public void A_suspended_lane_that_is_anothers_is_given_up()
    {
        Own(Lane);
        _ownership.Suspend(_lanes);

        Assert.False(Answer(_ownership.NextClaims(Ours, "me", whole: false, _members)[0], "HELD other"));

        Assert.Equal((false, ("other", 7L)), (Lane.Owned, Lane.OtherOwner!.Value));
    }

    [Fact]
    public void An_answer_from_before_a_resumption_changes_nothing()
    {
        Own(Lane);
        _ownership.Suspend(_lanes);
        var claim = _ownership.NextClaims(Ours, "me", whole: false, _members)[0];
        Lane.Resume("2.1");
        var epoch = Lane.Epoch;

        Assert.False(Answer(claim, "OK 1.1 1-0 0 0"));

        Assert.Equal((true, "2.1", epoch), (Lane.MaySend, Lane.FencingToken, Lane.Epoch));
    }

    [Fact]
    public void A_lane_that_is_not_owned_cannot_be_suspended()
    {
        _ownership.Suspend(_lanes);

        Assert.False(Lane.Owned);
    }

    [Fact]
    public void A_lane_that_should_go_to_another_is_released_once_nothing_is_out()
    {
        Own(Lane);
        var message = Send(Lane);

        Assert.Empty(_ownership.NextReleases(Others, "me", isTaking: true, Now));
        Assert.Equal((LaneState.Draining, false), (Lane.State, _ownership.HasDrained));
        Lane.Remove(message);
        Assert.True(_ownership.HasDrained);

        Assert.Equal(new Dictionary<int, string> { [0] = "1.1" }, _ownership.NextReleases(Others, "me", isTaking: true, Now));
        Assert.False(Lane.Owned);
    }

    [Fact]
    public void A_lane_is_not_released_before_Redis_has_its_retry_queue()
    {
        Own(Lane);
        Lane.Retries.Add("a", 1, Now, moving: true);

        Assert.Empty(_ownership.NextReleases(Others, "me", isTaking: true, Now));
        Lane.Retries.Stored(1);
        Assert.NotEmpty(_ownership.NextReleases(Others, "me", isTaking: true, Now));
    }

    [Fact]
    public void A_lane_is_not_released_while_an_app_works_on_a_message_of_an_earlier_claim()
    {
        Own(Lane);
        _hasOrphans = true;

        Assert.Empty(_ownership.NextReleases(Others, "me", isTaking: true, Now));
        _hasOrphans = false;
        Assert.NotEmpty(_ownership.NextReleases(Others, "me", isTaking: true, Now));
    }

    [Fact]
    public void A_release_is_repeated_and_the_lane_not_claimed_until_Redis_has_heard_of_it()
    {
        Own(Lane);
        var releases = _ownership.NextReleases(Others, "me", isTaking: true, Now);

        Assert.Equal(releases, _ownership.NextReleases(Ours, "me", isTaking: true, Now));
        Assert.DoesNotContain(_ownership.NextClaims(Ours, "me", whole: true, _members), claim => claim.Lane == Lane);
        _ownership.OnReleased(releases);

        Assert.Empty(_ownership.NextReleases(Ours, "me", isTaking: true, Now));
        Assert.Contains(_ownership.NextClaims(Ours, "me", whole: true, _members), claim => claim.Lane == Lane);
    }

    [Fact]
    public void A_handler_that_outlasts_the_drain_does_not_starve_its_lane()
    {
        Own(Lane);
        Send(Lane);
        _ownership.NextReleases(Others, "me", isTaking: true, Now);
        var givesUp = Now + LaneOwnership.DrainsFor;
        Assert.Equal(givesUp, _ownership.NextTurn);

        _ownership.NextReleases(Others, "me", isTaking: true, givesUp);
        Assert.Equal((true, null), (Lane.MaySend, _ownership.NextTurn));
        _ownership.NextReleases(Others, "me", isTaking: true, givesUp + LaneOwnership.KeepsFor - TimeSpan.FromTicks(1));
        Assert.True(Lane.MaySend);
        _ownership.NextReleases(Others, "me", isTaking: true, givesUp + LaneOwnership.KeepsFor);
        Assert.Equal(LaneState.Draining, Lane.State);
    }

    [Fact]
    public void A_lane_that_is_ours_again_drains_no_more()
    {
        Own(Lane);
        Send(Lane);
        _ownership.NextReleases(Others, "me", isTaking: true, Now);

        _ownership.NextReleases(Ours, "me", isTaking: true, Now);

        Assert.Equal((true, null), (Lane.MaySend, _ownership.NextTurn));
    }

    [Fact]
    public void While_no_stream_takes_messages_a_lane_drains_without_an_end()
    {
        Own(Lane);
        Send(Lane);
        Lane.KeptUntil = Now + LaneOwnership.KeepsFor;

        _ownership.NextReleases(Others, "me", isTaking: false, Now);
        _ownership.NextReleases(Others, "me", isTaking: false, Now + 10 * LaneOwnership.DrainsFor);

        Assert.Equal(LaneState.Draining, Lane.State);
    }

    [Fact]
    public void A_lane_with_a_suspect_is_kept_while_there_is_somebody_to_deliver_to()
    {
        Own(Lane, "OK 1.3 1-4 2 0");

        _ownership.NextReleases(Others, "me", isTaking: true, Now);
        Assert.Equal((true, LaneState.Delivering), (Lane.IsSuspicious, Lane.State));
        Assert.NotEmpty(_ownership.NextReleases(Others, "me", isTaking: false, Now));
    }

    [Fact]
    public void At_the_end_all_lanes_are_released_whatever_is_out()
    {
        Own(Lane);
        Own(_lanes[1], "OK 1.4 1-0 0 0");
        Send(Lane);

        Assert.Equal(new Dictionary<int, string> { [0] = "1.1", [1] = "1.4" }, _ownership.ReleaseAll());
        Assert.Empty(_ownership.OwnedLanes);
    }

    [Fact]
    public void A_lane_of_another_is_asked_for_in_whole_rounds_and_at_once_when_its_owner_is_dead()
    {
        Assert.False(Answer(_ownership.NextClaims(["me", ""], "me", whole: false, _members)[0], "HELD other"));

        Assert.Empty(_ownership.NextClaims(["me", ""], "me", whole: false, _members));
        Assert.Equal("", Assert.Single(_ownership.NextClaims(["me", ""], "me", whole: true, _members)).Dead);
        Lane.ClaimIsOpen = false;
        _members.Dead = ("other", 7);
        Assert.Equal("other", Assert.Single(_ownership.NextClaims(["me", ""], "me", whole: false, _members)).Dead);
    }

    [Fact]
    public void A_claim_that_was_not_answered_is_made_again_even_if_the_lane_is_anothers_by_now()
    {
        _ownership.NextClaims(["me", "other"], "me", whole: false, _members);

        Assert.False(_ownership.IsIdle);
        Assert.Same(Lane, Assert.Single(_ownership.NextClaims(Others, "me", whole: false, _members)).Lane);
    }

    [Fact]
    public void A_lane_that_was_lost_is_claimed_once_more_because_Redis_may_name_us_its_owner()
    {
        Own(Lane);

        _ownership.Lose([Lane]);

        Assert.Equal((false, false), (Lane.Owned, _ownership.IsIdle));
        Assert.False(Answer(Assert.Single(_ownership.NextClaims(Others, "me", whole: false, _members)), "HELD other"));
        Assert.True(_ownership.IsIdle);
    }

    [Fact]
    public void A_lane_that_drains_and_is_suspended_or_lost_is_not_released()
    {
        Own(Lane);
        Own(_lanes[1]);
        var message = Send(Lane);
        Send(_lanes[1]);
        _ownership.NextReleases(Others, "me", isTaking: true, Now);

        _ownership.Suspend([Lane]);
        _ownership.Lose([_lanes[1]]);
        Lane.Remove(message);

        Assert.False(_ownership.HasDrained);
        Assert.Empty(_ownership.NextReleases(Others, "me", isTaking: true, Now));
    }

    [Fact]
    public void A_tail_that_is_known_arms_its_lane_and_a_later_one_is_read()
    {
        Own(Lane, "OK 1.1 1-4 0 0");
        Own(_lanes[1], "OK 1.1 1-4 0 0");

        _ownership.OnTails(_ownership.NextTails(whole: false), [new(4, ""), new(6, "")]);

        Assert.Equal([(true, 4L), (false, 6L)], _lanes.Select(lane => (lane.Armed, lane.Tail)));
        Assert.Empty(_ownership.NextTails(whole: false));
        Assert.Equal(2, _ownership.NextTails(whole: true).Count);
    }

    [Fact]
    public void A_tail_that_was_asked_for_under_an_earlier_claim_changes_nothing()
    {
        Own(Lane);
        var questions = _ownership.NextTails(whole: true);
        _ownership.Lose([Lane]);
        Own(Lane);

        _ownership.OnTails(questions, [new(9, "")]);

        Assert.Equal((false, 0L), (Lane.Armed, Lane.Tail));
    }

    private void Own(Lane lane, string answer = "OK 1.1 1-0 0 0") => Assert.True(Answer(new(lane, lane.FencingToken, ""), answer));

    private bool Answer(Claim claim, string answer) => _ownership.OnClaimed(claim, "me", ClaimResult.Parse(answer), 0, _members);

    private static LaneMessage Send(Lane lane)
    {
        var message = new LaneMessage(lane, new Message(lane.Partition, new(1, 9), "", "", default, default, long.MaxValue, new(1, 9)));
        lane.Add(message);
        lane.Move(message, MessageState.Sent);
        return message;
    }

    private static void Drop(IReadOnlyList<Lane> lanes)
    {
        foreach (var lane in lanes)
        {
            lane.Drop();
        }
    }

    private sealed class Members : IMembershipView
    {
        public (string Session, long Beat)? Dead { get; set; }

        public long Begun => 7;

        public bool IsDead(string session, long beat) => Dead == (session, beat);
    }
}

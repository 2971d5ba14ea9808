using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>Who delivers from a lane, and who is fenced.</summary>
public sealed class ClaimTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private string _worldLine = "";

    [Fact]
    public async Task A_free_lane_is_given_and_its_owner_told_the_same_again()
    {
        await using var run = await StartAsync();

        Assert.Equal($"OK {_worldLine}.1 0-0 0 0", await ClaimAsync(run, "s1"));
        Assert.Equal($"OK {_worldLine}.1 0-0 0 0", await ClaimAsync(run, "s1"));
        Assert.Equal("g", (await run.TopicAsync()).Groups);
    }

    [Fact]
    public async Task A_lane_is_given_only_to_one_who_knows_its_owner_dead()
    {
        await using var run = await StartAsync();
        await ClaimAsync(run, "s1");

        Assert.Equal("HELD s1", await ClaimAsync(run, "s2"));
        Assert.Equal("HELD s1", await ClaimAsync(run, "s2", dead: "s3"));
        Assert.Equal($"OK {_worldLine}.2 0-0 0 0", await ClaimAsync(run, "s2", dead: "s1"));
        Assert.Equal(("s2", 1), await OwnerAsync(run));
        // The one thought dead lives: it neither acks nor takes the lane back.
        Assert.Equal("FENCED", await AckAsync(run, "s1", $"{_worldLine}.1"));
        Assert.Equal("FENCED", await AckAsync(run, "s1", $"{_worldLine}.2"));
        Assert.Equal("HELD s2", await ClaimAsync(run, "s1"));
    }

    [Fact]
    public async Task Only_its_owner_releases_a_lane_and_the_next_claim_is_no_involuntary_one()
    {
        await using var run = await StartAsync();
        await ClaimAsync(run, "s1");

        Assert.Equal(["OK 0"], await run.ClaimAsync("release", "s2", $"{_worldLine}.1"));
        Assert.Equal("HELD s1", await ClaimAsync(run, "s2"));
        Assert.Equal(["OK 0"], await run.ClaimAsync("release", "s1", $"{_worldLine}.0"));
        Assert.Equal(["OK 1"], await run.ClaimAsync("release", "s1", $"{_worldLine}.1"));
        Assert.Equal("FENCED", await AckAsync(run, "s1", $"{_worldLine}.1"));
        Assert.Equal($"OK {_worldLine}.2 0-0 0 0", await ClaimAsync(run, "s2"));
        Assert.Equal(("s2", 0), await OwnerAsync(run));
    }

    [Fact]
    public async Task Take_overs_are_counted_while_the_first_unfinished_message_stays_the_same()
    {
        await using var run = await StartAsync();
        await run.OpenAsync("p");
        await run.BatchAsync("p", 1, Publish(Append(), Append()));
        await ClaimAsync(run, "s1");

        Assert.Equal($"OK {_worldLine}.2 0-0 1 0", await ClaimAsync(run, "s2", dead: "s1"));
        Assert.Equal($"OK {_worldLine}.3 0-0 2 0", await ClaimAsync(run, "s3", dead: "s2"));
        Assert.Equal($"OK {_worldLine}.3 0-0 2 0", await ClaimAsync(run, "s3"));
        // The first message is acked: the next dying owner leaves another one behind.
        await AckAsync(run, "s3", $"{_worldLine}.3");
        Assert.Equal($"OK {_worldLine}.3 1-1 0 0", await ClaimAsync(run, "s3"));
        Assert.Equal($"OK {_worldLine}.4 1-1 1 0", await ClaimAsync(run, "s4", dead: "s3"));
        // Nothing is unfinished: the next one is nobody's fault.
        await AckAsync(run, "s4", $"{_worldLine}.4", seq: 2);
        Assert.Equal($"OK {_worldLine}.5 1-2 0 0", await ClaimAsync(run, "s5", dead: "s4"));
        await run.BatchAsync("p", 2, Publish(Append()));
        Assert.Equal($"OK {_worldLine}.5 1-2 0 0", await ClaimAsync(run, "s5"));
        Assert.Equal(4, (await run.LaneAsync()).TakeOvers);
    }

    [Fact]
    public async Task A_lane_that_was_let_go_starts_without_suspicion()
    {
        await using var run = await StartAsync();
        await run.OpenAsync("p");
        await run.BatchAsync("p", 1, Publish(Append()));
        await ClaimAsync(run, "s1");
        await ClaimAsync(run, "s2", dead: "s1");
        Assert.Equal($"OK {_worldLine}.3 0-0 2 0", await ClaimAsync(run, "s3", dead: "s2"));

        await run.ClaimAsync("release", "s3", $"{_worldLine}.3");

        Assert.Equal($"OK {_worldLine}.4 0-0 0 0", await ClaimAsync(run, "s1"));
        Assert.Equal($"OK {_worldLine}.5 0-0 1 0", await ClaimAsync(run, "s2", dead: "s1"));
    }

    [Fact]
    public async Task A_claim_says_how_many_messages_wait_in_the_retry_queue()
    {
        await using var run = await StartAsync();
        await run.CommandAsync("ZADD", run.Key(0, "q:g:t"), "1", "a", "2", "b");

        Assert.Equal($"OK {_worldLine}.1 0-0 0 2", await ClaimAsync(run, "s1"));
    }

    [Fact]
    public async Task After_a_recovery_an_owner_is_fenced_until_it_resumes()
    {
        await using var run = await StartAsync();
        await ClaimAsync(run, "s1");
        var held = $"{_worldLine}.1";
        await MoveAsync(run);

        Assert.Equal("FENCED", await AckAsync(run, "s1", held));
        Assert.Equal($"OK {_worldLine}.1 0-0 0 0", (await run.ClaimAsync("resume", "s1", held))[0]);
        Assert.Equal($"OK {_worldLine}.1 0-0 0 0", (await run.ClaimAsync("resume", "s1", held))[0]);
        Assert.Equal("FENCED", await AckAsync(run, "s1", held));
        Assert.Equal("OK 1", LibraryRun.Positioned(await AckAsync(run, "s1", $"{_worldLine}.1")));
    }

    [Fact]
    public async Task A_lane_that_names_a_session_since_before_a_recovery_is_disowned_by_it_alone()
    {
        await using var run = await StartAsync();
        await ClaimAsync(run, "s1");

        Assert.Equal(["OK 0"], await run.ClaimAsync("disown", "s1", ""));
        await MoveAsync(run);
        Assert.Equal(["OK 0"], await run.ClaimAsync("disown", "s2", ""));
        Assert.Equal("HELD s1", await ClaimAsync(run, "s2"));
        Assert.Equal(["OK 1"], await run.ClaimAsync("disown", "s1", ""));
        Assert.Equal(["OK 0"], await run.ClaimAsync("disown", "s1", ""));

        Assert.Equal($"OK {_worldLine}.1 0-0 0 0", await ClaimAsync(run, "s2"));
        Assert.Equal(("s2", 0), await OwnerAsync(run));
    }

    [Theory]
    [InlineData("s2", ".1")]
    [InlineData("s1", ".2")]
    [InlineData("s1", ".0")]
    public async Task Only_exactly_the_claim_that_is_stored_is_resumed(string session, string number)
    {
        await using var run = await StartAsync();
        await ClaimAsync(run, "s1");
        var before = _worldLine;
        await MoveAsync(run);

        Assert.Equal(["LOST"], await run.ClaimAsync("resume", session, before + number));
        var lane = await run.LaneAsync();
        Assert.Equal(("s1", $"{before}.1"), (lane.Owner, lane.FencingToken));
    }

    [Fact]
    public async Task A_lane_that_nobody_claimed_cannot_be_resumed()
    {
        await using var run = await StartAsync();

        Assert.Equal(["LOST"], await run.ClaimAsync("resume", "s1", $"{_worldLine}.1"));
        Assert.Equal("", await run.FieldAsync(0, "l:g:t"));
    }

    [Fact]
    public async Task A_tail_arms_the_lane_only_where_nothing_is_new_and_the_next_append_disarms_it()
    {
        await using var run = await StartAsync();
        await run.OpenAsync("p");

        Assert.Equal("", await run.FieldAsync(0, "t:t"));
        await TailsAsync(run, "s1", 0);
        Assert.Equal("s1", await ArmedAsync(run));
        await run.BatchAsync("p", 1, Publish(Append()));
        Assert.Equal("-", await ArmedAsync(run));
        Assert.Equal("1", await TailsAsync(run, "s1", 0));
        Assert.Equal("-", await ArmedAsync(run));
    }

    [Fact]
    public async Task A_lane_stays_armed_through_appends_that_its_session_is_told_of_by_their_replies()
    {
        await using var run = await StartAsync();
        await run.OpenAsync("p");
        await TailsAsync(run, "p", 0);

        await run.BatchAsync("p", 1, Publish(Append()));
        Assert.Equal("p", await ArmedAsync(run));
        // When one with a time to live expires the server alone knows, so the reply does not tell of it.
        await run.BatchAsync("p", 2, Publish(Append(ttl: 60_000)));
        Assert.Equal("-", await ArmedAsync(run));
    }

    [Fact]
    public async Task A_lane_that_several_sessions_armed_is_disarmed_by_any_append()
    {
        await using var run = await StartAsync();
        await run.OpenAsync("p");
        await TailsAsync(run, "p", 0);
        await TailsAsync(run, "s2", 0);

        Assert.Equal("*", await ArmedAsync(run));
        await TailsAsync(run, "p", 0);
        Assert.Equal("*", await ArmedAsync(run));
        await run.BatchAsync("p", 1, Publish(Append()));
        Assert.Equal("-", await ArmedAsync(run));
    }

    private static async Task<string> ArmedAsync(LibraryRun run) => (await run.TopicAsync()).Armed;

    private static async Task<string> TailsAsync(LibraryRun run, string session, long known) =>
        (await run.CallAsync("tails", run.Key(0, "m"), [0, session, "t", .. run.List(1), known])).Items[0].ToString();

    [Fact]
    public async Task A_member_is_alive_with_what_it_announced_until_it_is_silent_too_long_or_says_goodbye()
    {
        await using var run = await StartAsync();
        var members = $"{{{run.Name}}}:members";
        async Task<string[]> BeatAsync(string session, string text, long lapse) =>
            [
                .. (await run.CallAsync("beat", members, session, text, lapse, 60_000))
                    .Items.Skip(1)
                    .Select(item => item.ToString())
                    .Chunk(2)
                    .Select(member => string.Join('=', member))
                    .Order(),
            ];

        await run.CommandAsync("HSET", members, "silent", "1000 g:t");
        Assert.Equal(["s1=g:t h:t"], await BeatAsync("s1", "g:t h:t", 60_000));
        Assert.Equal(["s1=g:t h:t", "s2=-"], await BeatAsync("s2", "-", 60_000));
        Assert.Equal(["s1=g:t h:t"], await BeatAsync("s2", "", 60_000));
        // Silent for more than a minute: forgotten.
        Assert.Equal("s1", await run.CommandAsync("HKEYS", members));
    }

    [Fact]
    public async Task A_heartbeat_from_before_the_clock_was_set_back_counts_as_one_of_now()
    {
        const string Future = "9999999999999";
        await using var run = await StartAsync();
        var members = $"{{{run.Name}}}:members";
        await run.CommandAsync("HSET", members, "ahead", $"{Future} g:t h:t");

        var live = await run.CallAsync("beat", members, "s1", "-", 2000, 60_000, 1);

        Assert.Equal(["ahead", "0", "g:t h:t", "s1", "0", "-"], live.Items.Skip(1).Select(item => item.ToString()));
        Assert.Equal($"{live.Items[0]} g:t h:t", await run.CommandAsync("HGET", members, "ahead"));
    }

    private async Task<LibraryRun> StartAsync()
    {
        var run = await server.RunAsync();
        _worldLine = (await run.RecoverAsync())[1];
        return run;
    }

    private async Task MoveAsync(LibraryRun run)
    {
        await run.CommandAsync("HSET", run.Key(0, "m"), "boot", "other");
        _worldLine = (await run.RecoverAsync())[1];
    }

    private static async Task<(string Owner, long TakeOvers)> OwnerAsync(LibraryRun run)
    {
        var lane = await run.LaneAsync();
        return (lane.Owner, lane.TakeOvers);
    }

    private static async Task<string> ClaimAsync(LibraryRun run, string session, string dead = "") =>
        (await run.ClaimAsync("claim", session, dead))[0];

    private static async Task<string> AckAsync(LibraryRun run, string session, string fencingToken, long seq = 1)
    {
        var last = long.Parse(await run.OpenAsync(session), System.Globalization.CultureInfo.InvariantCulture);
        return (await run.BatchAsync(session, last + 1, Ack(fencingToken, "1", seq)))[1];
    }
}

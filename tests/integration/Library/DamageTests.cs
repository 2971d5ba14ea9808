using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>Keys that another program wrote to: the damage stays with them, and is named.</summary>
public sealed class DamageTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    [Theory]
    [InlineData("")]
    [InlineData("named")]
    public async Task A_message_for_a_key_that_is_no_stream_is_refused_and_leaves_nothing(string id)
    {
        await using var run = await StartAsync();
        await run.CommandAsync("SET", run.Key(0, "t:t"), "planted");

        var reply = await run.BatchAsync("s1", 1, Publish(Append("good")), Publish(Append(id: id)), Publish(Append("good")));

        Assert.StartsWith("OK ", reply[1], StringComparison.Ordinal);
        Assert.StartsWith($"ERROR DAMAGED key {run.Key(0, "t:t")}: WRONGTYPE", reply[2], StringComparison.Ordinal);
        Assert.StartsWith("OK ", reply[3], StringComparison.Ordinal);
        Assert.Equal("2,", await run.CommandAsync("HMGET", run.Key(0, "m"), "lsn", "broken"));
        await run.CommandAsync("DEL", run.Key(0, "t:t"));
        Assert.StartsWith("OK ", (await run.BatchAsync("s1", 2, Publish(Append(id: id))))[1], StringComparison.Ordinal);
        Assert.Equal((1, 0), ((await run.TopicAsync()).Last, (await run.TopicAsync()).Duplicates));
    }

    [Fact]
    public async Task A_message_whose_id_cannot_be_looked_up_is_refused_and_leaves_nothing()
    {
        await using var run = await StartAsync();
        await run.BatchAsync("s1", 1, Publish(Append(id: "a")));
        await run.CommandAsync("SET", run.Key(0, "i:t:d1"), "planted");

        var reply = await run.BatchAsync("s1", 2, Publish(Append(id: "b")), Publish(Append()));

        Assert.Equal($"ERROR DAMAGED key {run.Key(0, "i:t:d1")}: it is a string, not a hash", reply[1]);
        Assert.StartsWith("OK ", reply[2], StringComparison.Ordinal);
        Assert.Equal(2, (await run.TopicAsync()).Last);
    }

    [Theory]
    [InlineData("t:t", "stream")]
    [InlineData("i:t:d1", "hash")]
    public async Task Several_messages_of_which_one_cannot_be_written_are_refused_together(string key, string kind)
    {
        await using var run = await StartAsync();
        await run.BatchAsync("s1", 1, Publish(Append(id: "before", place: 2)));
        await run.CommandAsync("DEL", run.Key(1, key));
        await run.CommandAsync("SET", run.Key(1, key), "planted");

        var reply = await run.BatchAsync("s1", 2, Publish(Append(id: "a"), Append(id: "b", place: 2)), Publish(Append()));

        Assert.Equal($"ERROR DAMAGED key {run.Key(1, key)}: it is a string, not a {kind}", reply[1]);
        Assert.StartsWith("OK ", reply[2], StringComparison.Ordinal);
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal(("", ""), (await run.FieldAsync(0, "broken"), await run.FieldAsync(1, "broken")));
    }

    [Fact]
    public async Task A_step_that_cannot_emit_changes_and_consumes_nothing()
    {
        await using var run = await StartAsync();
        var (token, worldLine) = await ClaimAsync(run);
        await run.BatchAsync("s1", 1, Publish(Append()));
        await run.CommandAsync("SET", run.Key(0, "t:out"), "planted");
        object[] step = Step(
            "",
            [
                [1, "g", "t", token, worldLine, 1, "made"],
            ],
            [Operation("u", "k")],
            [Append("out")]
        );

        var reply = await run.BatchAsync("s1", 2, step);

        Assert.Equal($"ERROR DAMAGED key {run.Key(0, "t:out")}: it is a string, not a stream", reply[1]);
        Assert.Equal(("", ""), (await run.ValueAsync("k"), await run.FieldAsync(0, "broken")));
        await run.CommandAsync("DEL", run.Key(0, "t:out"));
        Assert.StartsWith("OK ", (await run.BatchAsync("s1", 3, step))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_cannot_note_what_it_consumed_out_of_order_changes_nothing()
    {
        await using var run = await StartAsync();
        var (token, worldLine) = await ClaimAsync(run);
        await run.BatchAsync("s1", 1, Publish(Append(), Append()));
        await run.CommandAsync("SET", run.Key(0, "o:g:t"), "planted");

        var reply = await run.BatchAsync(
            "s1",
            2,
            Step(
                "",
                [
                    [1, "g", "t", token, worldLine, 2, "made"],
                ],
                [Operation("u", "k")]
            )
        );

        Assert.Equal($"ERROR DAMAGED key {run.Key(0, "o:g:t")}: it is a string, not a zset", reply[1]);
        Assert.Equal(("", ""), (await run.ValueAsync("k"), await run.FieldAsync(0, "broken")));
    }

    [Theory]
    [InlineData("q:g:t")]
    [InlineData("qb:g:t")]
    public async Task A_message_that_cannot_be_queued_for_its_retry_stays_in_the_stream(string key)
    {
        await using var run = await StartAsync();
        var (token, worldLine) = await ClaimAsync(run);
        await run.BatchAsync("s1", 1, Publish(Append()));
        await run.CommandAsync("SET", run.Key(0, key), "planted");

        var reply = await run.BatchAsync("s1", 2, ["retry", 1, "g", "t", token, 1, worldLine, 1, 1000, 1]);

        Assert.StartsWith($"ERROR DAMAGED key {run.Key(0, key)}", reply[1], StringComparison.Ordinal);
        Assert.Equal("", await run.FieldAsync(0, "broken"));
        Assert.Equal("0-0", (await run.LaneAsync()).Watermark);
    }

    [Fact]
    public async Task An_ack_counts_although_the_stream_cannot_be_trimmed()
    {
        await using var run = await StartAsync();
        var (token, worldLine) = await ClaimAsync(run);
        await run.BatchAsync("s1", 1, Publish(Append()));
        await run.CommandAsync("SET", run.Key(0, "t:t"), "planted");

        Assert.Equal("OK 1", LibraryRun.Positioned((await run.BatchAsync("s1", 2, Ack(token, worldLine, 1)))[1]));

        Assert.Equal("", await run.FieldAsync(0, "broken"));
        Assert.Equal(0, (await run.TopicAsync()).Trimmed);
    }

    [Theory]
    [InlineData("m", "key", "WRONGTYPE")]
    [InlineData("m", "lsn", "field lsn is no number")]
    [InlineData("m", "wl", "field wl is no number")]
    [InlineData("m", "l:g:t", "field l:g:t is in another form")]
    [InlineData("m", "t:t", "field t:t is in another form")]
    [InlineData("q:g:t", "key", "WRONGTYPE")]
    public async Task The_lanes_of_other_partitions_are_claimed_and_asked_for_their_tails(string key, string field, string damage)
    {
        await using var run = await StartAsync();
        await DamageAsync(run, key, field);

        var claims = await run.CallAsync("claim", run.Key(0, "m"), ["claim", "s1", "g", "t", 0, .. run.List(2, "l:g:t", "t:t"), "", ""]);

        Assert.Contains(damage, claims.Items[0].ToString(), StringComparison.Ordinal);
        Assert.StartsWith("OK ", claims.Items[1].ToString(), StringComparison.Ordinal);

        var tails = await run.CallAsync("tails", run.Key(0, "m"), [0, "s1", "t", .. run.List(2, "t:t"), 0, 0]);

        Assert.Equal("0", tails.Items[1].ToString());
    }

    [Theory]
    [InlineData("key", "WRONGTYPE")]
    [InlineData("lsn", "field lsn is no number")]
    [InlineData("wl", "field wl is no number")]
    public async Task A_damaged_header_stops_neither_a_batch_nor_a_recovery(string field, string damage)
    {
        await using var run = await StartAsync();
        await DamageAsync(run, "m", field);

        var reply = await run.BatchAsync("s1", 1, Publish(Append()), Publish(Append(place: 2)));

        Assert.StartsWith($"ERROR DAMAGED key {run.Key(0, "m")}: {damage}", reply[1], StringComparison.Ordinal);
        Assert.StartsWith("OK ", reply[2], StringComparison.Ordinal);

        await run.CommandAsync("HSET", run.Key(1, "m"), "boot", "other");
        Assert.Equal("NEEDS_RECOVERY", (await run.BatchAsync("s1", 2, Publish(Append(place: 2))))[0]);
        var recovered = await run.RecoverAsync();
        Assert.Equal(("OK", "1"), (recovered[0], recovered[3]));
        Assert.StartsWith($"!key {run.Key(0, "m")}: {damage}", recovered[4], StringComparison.Ordinal);
        Assert.StartsWith("OK ", (await run.BatchAsync("s1", 2, Publish(Append(place: 2))))[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lsn")]
    [InlineData("wl")]
    public async Task A_header_that_lost_a_field_is_damaged_and_not_recovered_for_ever(string field)
    {
        await using var run = await StartAsync();
        await run.CommandAsync("HDEL", run.Key(0, "m"), field);

        var reply = await run.BatchAsync("s1", 1, Publish(Append()), Publish(Append(place: 2)));

        Assert.Equal($"ERROR DAMAGED key {run.Key(0, "m")}: field {field} is missing", reply[1]);
        Assert.StartsWith("OK ", reply[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SET")]
    [InlineData("HSET")]
    public async Task A_damaged_record_of_a_session_is_none(string command)
    {
        await using var run = await StartAsync();
        await run.CommandAsync("DEL", run.Key(0, "c:s1"));
        await run.CommandAsync(command == "SET" ? ["SET", run.Key(0, "c:s1"), "x"] : ["HSET", run.Key(0, "c:s1"), "n", "x"]);

        Assert.Equal(["SESSION_GONE"], await run.BatchAsync("s1", 1, Publish(Append())));
        Assert.Equal("SESSION_GONE", await run.OpenAsync(isNew: false));
        Assert.Equal("0", await run.OpenAsync("s2", replaced: "s1"));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "c:s1")));
    }

    [Fact]
    public async Task A_heartbeat_in_another_form_is_removed_and_told()
    {
        await using var run = await StartAsync();
        var members = $"{{{run.Name}}}:members";
        await run.CommandAsync("HSET", members, "s2", "planted");

        var first = await run.CallAsync("beat", members, "s1", "g:t", 2000, 60_000);
        var second = await run.CallAsync("beat", members, "s1", "g:t", 2000, 60_000);

        Assert.Equal(["g:t s1", "! s2"], first.Items.Skip(1).Chunk(2).Select(member => $"{member[1]} {member[0]}").Order().Reverse());
        Assert.Equal(["s1", "g:t"], second.Items.Skip(1).Select(item => item.ToString()));
    }

    [Fact]
    public async Task Members_that_are_no_hash_are_replaced_and_told()
    {
        await using var run = await StartAsync();
        var members = $"{{{run.Name}}}:members";
        await run.CommandAsync("SET", members, "planted");

        var first = await run.CallAsync("beat", members, "s1", "g:t", 2000, 60_000);

        Assert.Equal([members, "!", "s1", "g:t"], first.Items.Skip(1).Select(item => item.ToString()));
    }

    private async Task<LibraryRun> StartAsync()
    {
        var run = await server.RunAsync();
        await run.OpenAsync();
        return run;
    }

    private static async Task<(string Token, string WorldLine)> ClaimAsync(LibraryRun run)
    {
        var token = (await run.ClaimAsync("claim", "s1"))[0].Split(' ')[1];
        return (token, token.Split('.')[0]);
    }

    /// <summary>Puts a string in the place of a key, or a word into a field.</summary>
    private static Task<string> DamageAsync(LibraryRun run, string key, string field) =>
        run.CommandAsync(field == "key" ? ["SET", run.Key(0, key), "planted"] : ["HSET", run.Key(0, key), field, "planted"]);
}

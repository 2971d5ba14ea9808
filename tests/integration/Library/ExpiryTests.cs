using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>A full topic: expired messages that nobody would deliver make room.</summary>
public sealed class ExpiryTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private const int Most = 2;

    [Fact]
    public async Task Expired_messages_of_a_topic_without_readers_make_room()
    {
        await using var run = await StartAsync();
        await FillAsync(run, ttl: 1);

        Assert.Equal("OK", await PublishAsync(run, 2));

        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal((3, 2), ((await run.TopicAsync()).Last, (await run.TopicAsync()).Trimmed));
    }

    [Fact]
    public async Task Bare_messages_find_the_room_too()
    {
        await using var run = await StartAsync();
        await FillAsync(run, ttl: 1);

        var reply = await run.BatchAsync("s1", 2, Bare("", ["a", "b"], Most));

        Assert.StartsWith("OK ", reply[1], StringComparison.Ordinal);
        Assert.Equal("2", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task They_count_as_expired_for_a_group_that_nobody_delivers_to()
    {
        await using var run = await StartAsync();
        var claim = (await run.ClaimAsync("claim", "s1"))[0];
        await run.ClaimAsync("release", "s1", claim.Split(' ')[1]);
        await FillAsync(run, ttl: 1);

        Assert.Equal("OK", await PublishAsync(run, 2));

        var lane = await run.LaneAsync();
        Assert.Equal((2, 0), (lane.Expired, lane.Consumed));
        Assert.EndsWith("-2", lane.Watermark, StringComparison.Ordinal);
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task The_owner_of_a_lane_ends_its_expired_messages_itself()
    {
        await using var run = await StartAsync();
        await run.ClaimAsync("claim", "s1");
        await FillAsync(run, ttl: 1);

        Assert.Equal("FULL", await PublishAsync(run, 2));

        Assert.Equal((0, "2"), ((await run.LaneAsync()).Expired, await run.CommandAsync("XLEN", run.Key(0, "t:t"))));
    }

    [Fact]
    public async Task A_message_that_lives_keeps_those_behind_it()
    {
        await using var run = await StartAsync();
        await run.BatchAsync("s1", 1, Publish(Append(maxBacklog: Most)), Publish(Append(maxBacklog: Most, ttl: 1)));
        await Task.Delay(20);

        Assert.Equal("FULL", await PublishAsync(run, 2));
        Assert.Equal("2", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task The_room_stays_where_the_request_that_made_it_is_refused()
    {
        await using var run = await StartAsync();
        await FillAsync(run, ttl: 1);

        var reply = await run.BatchAsync("s1", 2, Publish(Append(maxBacklog: Most), Append(maxBacklog: Most), Append(maxBacklog: Most)));

        Assert.StartsWith("FULL", reply[1], StringComparison.Ordinal);
        Assert.Equal(("0", ""), (await run.CommandAsync("XLEN", run.Key(0, "t:t")), await run.FieldAsync(0, "broken")));
        Assert.Equal("OK", await PublishAsync(run, 3));
    }

    private async Task<LibraryRun> StartAsync()
    {
        var run = await server.RunAsync();
        await run.OpenAsync();
        return run;
    }

    /// <summary>The most messages that there may be, expired by the time this returns.</summary>
    private static async Task FillAsync(LibraryRun run, long ttl)
    {
        await run.BatchAsync("s1", 1, Publish(Append(maxBacklog: Most, ttl: ttl)), Publish(Append(maxBacklog: Most, ttl: ttl)));
        await Task.Delay(20);
    }

    private static async Task<string> PublishAsync(LibraryRun run, long number) =>
        (await run.BatchAsync("s1", number, Publish(Append(maxBacklog: Most))))[1].Split(' ')[0];
}

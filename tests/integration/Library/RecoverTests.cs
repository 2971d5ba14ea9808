using System.Globalization;
using Xunit;

namespace Darq.Tests.Integration.Library;

public sealed class RecoverTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    [Fact]
    public async Task The_first_to_recover_decides_and_later_ones_are_told()
    {
        await using var run = await server.RunAsync();

        var second = await run.RecoverAsync();
        var third = await run.RecoverAsync();

        Assert.Equal(("OK", "0"), (second[0], second[3]));
        Assert.Equal(second, third);
    }

    [Fact]
    public async Task One_partition_of_another_process_moves_all_to_one_new_world_line()
    {
        await using var run = await server.RunAsync();
        var before = await run.RecoverAsync();
        await run.CommandAsync("HSET", run.Key(1, "m"), "boot", "other", "lsn", 7);

        var after = await run.RecoverAsync();

        Assert.Equal("1", after[3]);
        Assert.True(Number(after[1]) > Number(before[1]));
        Assert.Equal([$"{before[1]}-0", $"{before[1]}-7"], after[4..]);
        foreach (var header in run.Headers)
        {
            Assert.Equal($"{after[1]},{after[2]}", await run.CommandAsync("HMGET", header, "wl", "boot"));
        }

        Assert.Equal("7", await run.CommandAsync("HGET", run.Key(1, "wlh"), before[1]));
    }

    [Fact]
    public async Task A_world_line_whose_recovery_was_lost_survived_as_far_as_the_ones_before_it()
    {
        await using var run = await server.RunAsync();
        var first = (await run.RecoverAsync())[1];
        await run.CommandAsync("HSET", run.Key(0, "m"), "boot", "second", "lsn", 5);
        var lost = (await run.RecoverAsync())[1];
        await run.CommandAsync("HSET", run.Key(0, "m"), "lsn", 8);
        // Redis forgets that recovery and what followed it.
        foreach (var partition in new[] { 0, 1 })
        {
            await run.CommandAsync("DEL", run.Key(partition, "wlh"));
            await run.CommandAsync("HSET", run.Key(partition, "m"), "boot", "third", "wl", first, "lsn", partition == 0 ? 5 : 0);
        }

        // Whoever comes first, and whoever comes later: both worked under the world-line that is lost.
        Assert.Equal([$"{first}-5", $"{first}-0"], (await run.RecoverAsync(highest: Number(lost)))[4..]);
        Assert.Equal([$"{first}-5", $"{first}-0"], (await run.RecoverAsync(highest: Number(lost)))[4..]);
    }

    [Fact]
    public async Task Of_a_world_line_older_than_all_that_are_remembered_nothing_is_said_to_survive()
    {
        await using var run = await server.RunAsync();
        var first = (await run.RecoverAsync())[1];
        await run.CommandAsync("HSET", run.Key(0, "m"), "boot", "other");
        await run.RecoverAsync();

        Assert.Equal(["0-0", "0-0"], (await run.RecoverAsync(highest: Number(first) - 1))[4..]);
    }

    [Fact]
    public async Task The_world_line_rises_even_where_the_clock_is_behind()
    {
        await using var run = await server.RunAsync();
        await run.CommandAsync("HSET", run.Key(1, "m"), "boot", "other", "wl", "9000000000000");

        Assert.InRange(WorldLineOf(await run.RecoverAsync()), 9_000_000_000_001, 9_000_001_048_576);
        Assert.InRange(WorldLineOf(await run.RecoverAsync(highest: 9_000_002_000_000)), 9_000_002_000_001, 9_000_003_048_576);
    }

    [Theory]
    [InlineData("somebody", "2", "FOREIGN", "me")]
    [InlineData("me", "1", "FORMAT", "2")]
    [InlineData("me", "3", "FORMAT", "2")]
    public async Task Data_of_another_identity_or_format_is_left_alone(string identity, string format, string code, string found)
    {
        await using var run = await server.RunAsync();
        await run.CommandAsync("HSET", run.Key(0, "m"), "boot", "other");
        var before = await run.CommandAsync("HGETALL", run.Key(0, "m"));

        Assert.Equal([code, found], await run.RecoverAsync(identity, format: format));
        Assert.Equal(before, await run.CommandAsync("HGETALL", run.Key(0, "m")));
    }

    [Fact]
    public async Task Of_all_world_lines_the_newest_64_are_remembered()
    {
        await using var run = await server.RunAsync();
        var first = (await run.RecoverAsync())[1];

        for (var i = 0; i < 66; i++)
        {
            await run.CommandAsync("HSET", run.Key(0, "m"), "boot", "other");
            Assert.Equal("1", (await run.RecoverAsync())[3]);
        }

        var remembered = (await run.CommandAsync("HKEYS", run.Key(0, "wlh"))).Split(',');
        Assert.Equal(64, remembered.Length);
        Assert.DoesNotContain(first, remembered);
        Assert.True(remembered.Min(Number) > Number(first));
        Assert.Equal("?", (await run.RecoverAsync(highest: Number(first)))[4]);
    }

    [Fact]
    public async Task A_broken_promise_and_its_acceptance_are_kept_as_the_highest_of_all_callers()
    {
        await using var run = await server.RunAsync();
        var key = $"{{{run.Name}}}:ns";
        await run.CallAsync("namespace", key, 64, "2", "mine");

        Assert.Equal(["0", "0"], await PromiseAsync("mine", 0, 0));
        Assert.Equal("", await run.CommandAsync("HGET", key, "broken"));
        Assert.Equal(["7", "0"], await PromiseAsync("mine", 7, 0));
        Assert.Equal(["7", "5"], await PromiseAsync("mine", 6, 5));
        Assert.Equal(["0", "0"], await PromiseAsync("theirs", 9, 9));
        Assert.Equal(["7", "5"], await PromiseAsync("mine", 0, 0));

        async Task<string[]> PromiseAsync(string identity, int broken, int accepted) =>
            [.. (await run.CallAsync("promise", key, identity, broken, accepted)).Items.Select(item => item.ToString())];
    }

    [Fact]
    public async Task The_first_to_enter_a_namespace_fixes_partitions_and_identity()
    {
        await using var run = await server.RunAsync();
        var key = $"{{{run.Name}}}:ns";

        var first = await run.CallAsync("namespace", key, 64, "2", "mine");
        var second = await run.CallAsync("namespace", key, 32, "3", "theirs");

        Assert.Equal(["64", "2", "mine", ""], first.Items.Select(item => item.ToString()));
        Assert.Equal(["64", "2", "mine", ""], second.Items.Select(item => item.ToString()));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static long WorldLineOf(string[] answer) => long.Parse(answer[1], System.Globalization.CultureInfo.InvariantCulture);
}

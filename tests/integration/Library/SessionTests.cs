using Darq.Tests.Shared;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

public sealed class SessionTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    [Fact]
    public async Task A_session_that_was_never_opened_is_gone()
    {
        await using var run = await server.RunAsync();

        Assert.Equal(["SESSION_GONE"], await run.BatchAsync("s1", 1, Publish(Append())));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task A_number_that_comes_before_the_one_before_it_is_told_so_and_one_further_away_is_refused()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.BatchAsync("s1", 1, Publish(Append()));

        Assert.Equal(["TOO_EARLY 1"], await run.BatchAsync("s1", 3, Publish(Append())));
        Assert.Equal(["SESSION_GAP 1"], await run.BatchAsync("s1", 4, Publish(Append())));
        Assert.Equal(["SESSION_GAP 1"], await run.BatchAsync("s1", 0, Publish(Append())));
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal("OK 2", (await run.BatchAsync("s1", 2, Publish(Append())))[0]);
        Assert.Equal("OK 3", (await run.BatchAsync("s1", 3, Publish(Append())))[0]);
    }

    [Fact]
    public async Task The_last_two_numbers_are_repeated_and_the_one_before_them_is_not()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        var replies = new List<string[]>();
        for (var number = 1; number <= 5; number++)
        {
            replies.Add(await run.BatchAsync("s1", number, Publish(Append())));
            Assert.Equal(replies[^1], await run.BatchAsync("s1", number, Publish(Append())));
            if (number > 1)
            {
                Assert.Equal(replies[^2], await run.BatchAsync("s1", number - 1, Publish(Append())));
                Assert.Equal([$"SESSION_GAP {number}"], await run.BatchAsync("s1", number - 2, Publish(Append())));
            }
        }

        Assert.Equal("5", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal(5, replies.Select(reply => reply[1]).Distinct().Count());
    }

    [Fact]
    public async Task What_a_replaced_session_sent_and_comes_late_is_not_executed()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.BatchAsync("s1", 1, Publish(Append()));

        Assert.Equal("0", await run.OpenAsync("s2", replaced: "s1"));

        Assert.Equal(["SESSION_GONE"], await run.BatchAsync("s1", 2, Publish(Append())));
        Assert.Equal(["SESSION_GONE"], await run.BatchAsync("s1", 1, Publish(Append())));
        Assert.Equal("OK 1", (await run.BatchAsync("s2", 1, Publish(Append())))[0]);
        // The reply to the first opening was lost.
        Assert.Equal("1", await run.OpenAsync("s2", replaced: "s1"));
        Assert.Equal("2", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task A_session_whose_record_is_gone_is_not_opened_as_the_one_it_was()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.BatchAsync("s1", 1);
        Assert.Equal("1", await run.OpenAsync(isNew: false));
        await run.CommandAsync("DEL", run.Key(0, "c:s1"));

        Assert.Equal("SESSION_GONE", await run.OpenAsync(isNew: false));

        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "c:s1")));
        Assert.Equal(["SESSION_GONE"], await run.BatchAsync("s1", 2));
    }

    [Fact]
    public async Task A_repeated_number_is_answered_from_the_record_and_writes_nothing()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        var first = await run.BatchAsync("s1", 1, Publish(Append()), Step("", operations: [Operation("u", "k")]));

        // What stands in the batch does not matter: the number alone names it.
        var again = await run.BatchAsync("s1", 1, Publish(Append()), Publish(Append()), Publish(Append()));

        Assert.Equal(first, again);
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal("2", await run.CommandAsync("HGET", run.Key(0, "m"), "lsn"));
    }

    [Fact]
    public async Task Opening_again_tells_the_last_number()
    {
        await using var run = await server.RunAsync();
        Assert.Equal("0", await run.OpenAsync());
        await run.BatchAsync("s1", 1);

        Assert.Equal("1", await run.OpenAsync());
    }

    [Fact]
    public async Task A_session_is_gone_after_its_life()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync(lifeMs: 30);

        await Eventually.TrueAsync(
            async () => (await run.BatchAsync("s1", 7))[0] == "SESSION_GONE",
            TimeSpan.FromSeconds(10),
            "the session expires"
        );
    }

    [Fact]
    public async Task A_batch_renews_the_life_of_its_session()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync(lifeMs: 10_000);
        await run.BatchAsync("s1", 1);
        Assert.InRange(await LeftAsync(run), 50_000, 60_000);

        // Not by every batch: one that comes while more than half is left finds it long enough.
        foreach (var (left, renewed) in new[] { (40_000, false), (20_000, true) })
        {
            var expiry = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + left;
            await run.CommandAsync("HSET", run.Key(0, "c:s1"), "x", expiry);
            await run.CommandAsync("PEXPIREAT", run.Key(0, "c:s1"), expiry);
            await run.BatchAsync("s1", renewed ? 3 : 2);
            Assert.InRange(await LeftAsync(run), renewed ? 50_000 : left - 10_000, renewed ? 60_000 : left);
        }
    }

    private static async Task<long> LeftAsync(LibraryRun run) =>
        long.Parse(await run.CommandAsync("PTTL", run.Key(0, "c:s1")), System.Globalization.CultureInfo.InvariantCulture);
}

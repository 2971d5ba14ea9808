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
    public async Task A_number_that_leaves_one_out_is_refused_with_the_last()
    {
        await using var run = await server.RunAsync();
        await run.OpenAsync();
        await run.BatchAsync("s1", 1, Publish(Append()));

        Assert.Equal(["SESSION_GAP 1"], await run.BatchAsync("s1", 3, Publish(Append())));
        Assert.Equal(["SESSION_GAP 1"], await run.BatchAsync("s1", 0, Publish(Append())));
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
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

using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Library;

/// <summary>No call works on a server process for which its partitions were not recovered.</summary>
public sealed class FenceTests : IAsyncLifetime
{
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task Before_a_recovery_every_call_is_refused_and_writes_nothing()
    {
        await using var run = await LibraryRun.StartAsync(_redis.Port, "fence");

        await AssertFencedAsync(run);
        Assert.Equal("0", await run.CommandAsync("DBSIZE"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_promoted_replica_refuses_every_call_until_recovered_even_if_it_was_read_before(bool wasRead)
    {
        await using var replica = await RedisServer.StartAsync(
            new Darq.Tests.Shared.RedisOptions { ExtraLines = [$"replicaof 127.0.0.1 {_redis.Port}"] }
        );
        await Eventually.TrueAsync(
            async () => (await replica.CliAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20),
            "the replica is attached"
        );
        string header,
            session;
        // Not before: a server takes a new id when its first replica comes.
        await using (var run = await StartedAsync("fence"))
        {
            await run.BatchAsync("s1", 1, LibraryRun.Step("", operations: [LibraryRun.Operation("u", "k", "v1")]));
            (header, session) = (run.Key(0, "m"), run.Key(0, "c:s1"));
        }

        await Eventually.TrueAsync(
            async () => await replica.CliAsync("HGET", session, "n") == "1",
            TimeSpan.FromSeconds(20),
            "the replica is in step"
        );
        if (wasRead)
        {
            var read = await replica.CliAsync("FCALL_RO", FunctionLibrary.Function("get"), "1", header, "0", "1", header[..^2], "1", "k");
            Assert.EndsWith(" v1", read, StringComparison.Ordinal);
        }

        await replica.CliAsync("REPLICAOF", "NO", "ONE");

        await using var promoted = await LibraryRun.StartAsync(replica.Port, "fence");
        await AssertFencedAsync(promoted);
        Assert.Equal(("OK", "1"), ((await promoted.RecoverAsync())[0], await promoted.OpenAsync()));
        Assert.StartsWith(
            "OK ",
            (await promoted.BatchAsync("s1", 2, LibraryRun.Publish(LibraryRun.Append())))[1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task After_a_restart_every_call_is_refused_until_recovered_and_the_session_goes_on()
    {
        await using (var run = await StartedAsync("fence"))
        {
            await run.BatchAsync("s1", 1, LibraryRun.Publish(LibraryRun.Append()));
        }

        await _redis.RestartAsync();

        await using var after = await LibraryRun.StartAsync(_redis.Port, "fence");
        await AssertFencedAsync(after);
        var recovered = await after.RecoverAsync();
        Assert.EndsWith("-1", recovered[4], StringComparison.Ordinal);
        Assert.Equal("OK 2", (await after.BatchAsync("s1", 2))[0]);
    }

    [Fact]
    public async Task A_caller_that_has_seen_a_higher_world_line_is_sent_to_recover()
    {
        await using var run = await StartedAsync("fence");
        var seen = Number((await run.RecoverAsync())[1]) + 1;

        Assert.Equal(["NEEDS_RECOVERY"], await run.ClaimAsync("claim", "s1", highest: seen));
        var recovered = await run.RecoverAsync(highest: seen);
        Assert.Equal("1", recovered[3]);
        Assert.StartsWith("OK", (await run.ClaimAsync("claim", "s1", highest: Number(recovered[1])))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_has_not_heard_of_a_recovery_is_sent_to_hear_of_it_and_of_what_survived_before_it()
    {
        await using var run = await StartedAsync("fence");
        var known = Number((await run.RecoverAsync())[1]);
        Assert.StartsWith("OK", (await run.ClaimAsync("claim", "s1", highest: known))[0], StringComparison.Ordinal);
        var elsewhere = Number((await run.RecoverAsync(highest: known + 1))[1]);

        Assert.Equal(["NEEDS_RECOVERY"], await run.ClaimAsync("claim", "s1", highest: known));
        var heard = await run.RecoverAsync(highest: known);

        Assert.Equal((elsewhere, "0", $"{known}-1"), (Number(heard[1]), heard[3], heard[4]));
    }

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Two_versions_of_the_library_live_in_one_server_and_are_fenced_each()
    {
        await using (await StartedAsync("one"))
        await using (await StartedAsync("two", version: "darq1"))
        {
            await _redis.RestartAsync();
        }

        await using var one = await LibraryRun.StartAsync(_redis.Port, "one");
        await using var two = await LibraryRun.StartAsync(_redis.Port, "two", version: "darq1");
        await one.RecoverAsync();

        Assert.StartsWith("OK", (await one.ClaimAsync("claim", "s1"))[0], StringComparison.Ordinal);
        await AssertFencedAsync(two);
    }

    [Fact]
    public async Task The_same_namespace_in_two_databases_is_two_and_each_is_fenced()
    {
        await using var one = await StartedAsync("fence");
        await using var two = await StartedAsync("fence", database: 1);
        await one.BatchAsync("s1", 1, LibraryRun.Publish(LibraryRun.Append()));

        Assert.Equal("0", await two.CommandAsync("EXISTS", two.Key(0, "t:t")));
        await _redis.CliAsync("DEBUG", "CHANGE-REPL-ID");
        await two.RecoverAsync();

        Assert.Equal("OK 1", (await two.BatchAsync("s1", 1))[0]);
        await AssertFencedAsync(one);
    }

    private async Task<LibraryRun> StartedAsync(string name, int database = 0, string version = FunctionLibrary.Version)
    {
        var run = await LibraryRun.StartAsync(_redis.Port, name, database, version);
        await run.RecoverAsync();
        await run.OpenAsync();
        return run;
    }

    private static async Task AssertFencedAsync(LibraryRun run)
    {
        Assert.Equal("NEEDS_RECOVERY", await run.OpenAsync("other"));
        Assert.Equal(["NEEDS_RECOVERY"], await run.BatchAsync("s1", 2, LibraryRun.Publish(LibraryRun.Append())));
        Assert.Equal(["NEEDS_RECOVERY"], await run.ClaimAsync("claim", "s1"));
        Assert.Equal("NEEDS_RECOVERY", (await run.CallAsync("tails", run.Key(0, "m"), [0, "s1", "t", .. run.List(2), 0, 0])).ToString());
        Assert.Equal(["NEEDS_RECOVERY"], await run.GetAsync("k"));
    }
}

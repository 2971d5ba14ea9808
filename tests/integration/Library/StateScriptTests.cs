using Darq.Tests.Shared;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>Which guard admits which write, and what a write leaves.</summary>
public sealed class StateScriptTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private long _number;

    // Guards: none, first write, the etag of the value that was there, another etag.
    [Theory]
    [InlineData("missing", "", true)]
    [InlineData("missing", "*", true)]
    [InlineData("missing", "etag", false)]
    [InlineData("missing", "wrong", false)]
    [InlineData("existing", "", true)]
    [InlineData("existing", "*", false)]
    [InlineData("existing", "etag", true)]
    [InlineData("existing", "wrong", false)]
    [InlineData("expired", "", true)]
    [InlineData("expired", "*", true)]
    [InlineData("expired", "etag", false)]
    [InlineData("written before", "", true)]
    [InlineData("written before", "*", false)]
    [InlineData("written before", "etag", false)]
    [InlineData("deleted before", "", true)]
    [InlineData("deleted before", "*", true)]
    [InlineData("deleted before", "etag", false)]
    public async Task A_guard_admits_a_write_or_the_whole_step_changes_nothing(string stand, string guard, bool admitted)
    {
        foreach (var change in new[] { "u", "d" })
        {
            await using var run = await StartAsync();
            var etag = stand == "missing" ? "1-1" : await SeedAsync(run, stand == "expired" ? 20 : 0);
            object[][] earlier = stand switch
            {
                "written before" => [Operation("u", "k", "earlier")],
                "deleted before" => [Operation("d", "k")],
                _ => [],
            };
            var before = await run.CommandAsync("GET", run.Key(0, "s:k"));
            var written = guard switch
            {
                "etag" => etag,
                "wrong" => "7-7",
                _ => guard,
            };

            var reply = await RequestAsync(
                run,
                Step("", operations: [.. earlier, Operation(change, "k", "new", written), Operation("u", "beside")])
            );

            Assert.Equal(admitted ? "OK" : $"CONFLICT {earlier.Length}", admitted ? reply[..2] : reply);
            Assert.Equal(admitted ? "1" : "0", await run.CommandAsync("EXISTS", run.Key(0, "s:beside")));
            if (!admitted)
            {
                Assert.Equal(before, await run.CommandAsync("GET", run.Key(0, "s:k")));
            }
            else
            {
                Assert.Equal(change == "u" ? "new" : "", await run.ValueAsync("k"));
            }
        }
    }

    [Fact]
    public async Task Every_guard_that_fails_is_named()
    {
        await using var run = await StartAsync();
        await SeedAsync(run, 0);

        Assert.Equal(
            "CONFLICT 0 2",
            await RequestAsync(
                run,
                Step("", operations: [Operation("u", "k", guard: "*"), Operation("u", "l", guard: "*"), Operation("d", "m", guard: "1-1")])
            )
        );
    }

    // A key that somebody else gave another type: what was there is not ours to keep, and must not break the partition.
    [Theory]
    [InlineData("", 0, "OK")]
    [InlineData("", 60_000, "OK")]
    [InlineData("*", 0, "CONFLICT")]
    [InlineData("1-1", 0, "ERROR WRONGTYPE")]
    public async Task An_unguarded_write_replaces_whatever_is_there_and_a_guarded_one_leaves_it(string guard, long ttlMs, string answer)
    {
        foreach (var (change, alone) in new[] { ("u", true), ("u", false), ("d", true), ("d", false) })
        {
            await using var run = await StartAsync();
            await run.CommandAsync("RPUSH", run.Key(0, "s:k"), "planted");
            var operation = Operation(change, "k", "new", guard, ttlMs);

            var reply = await RequestAsync(run, alone ? Write(operation) : Step("", operations: [Operation("u", "beside"), operation]));

            Assert.StartsWith(answer, reply, StringComparison.Ordinal);
            Assert.Equal("", await run.CommandAsync("HGET", run.Key(0, "m"), "broken"));
            Assert.Equal(
                (answer, change) switch
                {
                    ("OK", "u") => "string",
                    ("OK", _) => "none",
                    _ => "list",
                },
                await run.CommandAsync("TYPE", run.Key(0, "s:k"))
            );
            if (!alone)
            {
                Assert.Equal(answer == "OK" ? "1" : "0", await run.CommandAsync("EXISTS", run.Key(0, "s:beside")));
            }
        }
    }

    [Fact]
    public async Task A_guard_finds_no_etag_in_what_another_program_wrote()
    {
        await using var run = await StartAsync();
        foreach (var planted in new[] { "planted", "", "1-1", "-1-1 0 v" })
        {
            await run.CommandAsync("SET", run.Key(0, "s:k"), planted);

            Assert.Equal("CONFLICT", await RequestAsync(run, Write(Operation("u", "k", guard: "1-1"))));
            Assert.Equal("CONFLICT", await RequestAsync(run, Write(Operation("u", "k", guard: "*"))));
            Assert.Equal([planted], await run.GetAsync("k"));
        }
    }

    [Fact]
    public async Task A_key_of_another_type_fails_the_read_of_it_and_of_no_other()
    {
        await using var run = await StartAsync();
        await SeedAsync(run, 0);
        await run.CommandAsync("RPUSH", run.Key(0, "s:bad"), "planted");

        var found = await run.GetAsync("bad", "k");

        Assert.StartsWith("!WRONGTYPE", found[0], StringComparison.Ordinal);
        Assert.EndsWith(" 0 v", found[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_etag_is_the_position_of_the_write_and_never_repeats()
    {
        await using var run = await StartAsync();

        var first = await SeedAsync(run, 0);
        await RequestAsync(run, Step("", operations: [Operation("d", "k")]));
        var second = await SeedAsync(run, 0);

        Assert.NotEqual(first, second);
        Assert.Equal([$"{second} 0 v"], await run.GetAsync("k"));
        Assert.Equal("2", await run.CommandAsync("HGET", run.Key(0, "m"), "dl"));
    }

    [Fact]
    public async Task A_write_without_a_time_to_live_ends_the_one_before()
    {
        await using var run = await StartAsync();
        var etag = await SeedAsync(run, 60_000);
        var expiry = await run.CommandAsync("PEXPIRETIME", run.Key(0, "s:k"));
        Assert.Equal([$"{etag} {expiry} v"], await run.GetAsync("k"));

        etag = await SeedAsync(run, 0);

        Assert.Equal("-1", await run.CommandAsync("PTTL", run.Key(0, "s:k")));
        Assert.Equal([$"{etag} 0 v"], await run.GetAsync("k"));
    }

    [Fact]
    public async Task A_lone_write_is_guarded_as_an_operation_of_a_step_is()
    {
        await using var run = await StartAsync();

        var first = await RequestAsync(run, Write(Operation("u", "k", guard: "*")));
        var etag = first["OK ".Length..];

        Assert.Equal("CONFLICT", await RequestAsync(run, Write(Operation("u", "k", guard: "*"))));
        Assert.Equal("CONFLICT", await RequestAsync(run, Write(Operation("d", "k", guard: "1-1"))));
        Assert.Equal([$"{etag} 0 v"], await run.GetAsync("k"));
        Assert.StartsWith("OK ", await RequestAsync(run, Write(Operation("d", "k", guard: etag))), StringComparison.Ordinal);
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "s:k")));
    }

    private async Task<LibraryRun> StartAsync()
    {
        var run = await server.RunAsync();
        _number = 0;
        await run.OpenAsync();
        return run;
    }

    private async Task<string> RequestAsync(LibraryRun run, object[] request) => (await run.BatchAsync("s1", ++_number, request))[1];

    /// <summary>Writes the value and returns its etag, after it has expired where it does soon.</summary>
    private async Task<string> SeedAsync(LibraryRun run, long ttlMs)
    {
        var etag = (await RequestAsync(run, Step("", operations: [Operation("u", "k", ttlMs: ttlMs)]))).Split(' ')[1];
        if (ttlMs is > 0 and < 1000)
        {
            await Eventually.TrueAsync(
                async () => await run.CommandAsync("EXISTS", run.Key(0, "s:k")) == "0",
                TimeSpan.FromSeconds(10),
                "the value expires"
            );
        }

        return etag;
    }
}

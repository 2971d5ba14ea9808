using System.Globalization;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>How long an id is remembered. Time passes by setting back when the newest bucket was opened.</summary>
public sealed class DedupTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private long _number;

    [Fact]
    public async Task A_duplicate_is_answered_with_the_original_and_counted()
    {
        await using var run = await StartAsync();
        var first = await PublishAsync(run, "a");

        Assert.Equal("OK =" + first["OK ".Length..], await PublishAsync(run, "a"));
        Assert.Equal((1, 1), await CountsAsync(run));
    }

    [Fact]
    public async Task A_duplicate_within_one_request_is_one_message()
    {
        await using var run = await StartAsync();

        var reply = (await run.BatchAsync("s1", 1, Publish(Append(id: "a"), Append(id: "a"))))[1].Split(' ');

        Assert.Equal(("=" + reply[1], reply[2]), (reply[3], reply[4]));
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task A_repeated_request_is_answered_with_its_first_reply_and_counted()
    {
        await using var run = await StartAsync();
        await PublishAsync(run, "a");
        object[] request = PublishAs("whole", Append(id: "a"), Append(), Append("u", place: 2));
        var first = (await run.BatchAsync("s1", ++_number, request))[1].Split(' ');

        var again = (await run.BatchAsync("s1", ++_number, request))[1].Split(' ');

        Assert.Equal(["OK", first[1], first[2], "=" + first[3], first[4], "=" + first[5], first[6]], again);
        Assert.Equal((2, 4), await CountsAsync(run));
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(1, "t:u")));
    }

    [Fact]
    public async Task Bare_messages_follow_the_first_without_a_gap_and_are_told_by_it()
    {
        await using var run = await StartAsync();
        await PublishAsync(run, "a");

        var first = (await run.BatchAsync("s1", ++_number, Bare("whole", ["x", "yy", "z"])))[1].Split(' ');
        var again = (await run.BatchAsync("s1", ++_number, Bare("whole", ["x", "yy", "z"])))[1].Split(' ');

        Assert.Equal(["OK", "=" + first[1], first[2]], again);
        Assert.EndsWith("-2", first[1], StringComparison.Ordinal);
        Assert.Equal((4, 3), await CountsAsync(run));
        Assert.Equal(5, (await run.TopicAsync()).Bytes);
        Assert.Equal(
            ["i,b-7,d,x", "i,b-8,d,yy", "i,b-9,d,z"],
            [
                await DataAsync(run, first[1]),
                await DataAsync(run, first[1].Replace("-2", "-3", StringComparison.Ordinal)),
                await DataAsync(run, first[1].Replace("-2", "-4", StringComparison.Ordinal)),
            ]
        );
    }

    [Fact]
    public async Task Bare_messages_without_room_are_refused_as_a_whole_and_repeated_ones_need_none()
    {
        await using var run = await StartAsync();
        var first = (await run.BatchAsync("s1", ++_number, Bare("one", ["x", "y"], maxBacklog: 3)))[1];

        Assert.Equal("FULL 1", (await run.BatchAsync("s1", ++_number, Bare("two", ["x", "y"], maxBacklog: 3)))[1]);
        Assert.Equal("FULL 1", (await run.BatchAsync("s1", ++_number, Bare("two", ["x", "y"], maxBacklog: 3)))[1]);
        Assert.Equal("OK =" + first["OK ".Length..], (await run.BatchAsync("s1", ++_number, Bare("one", ["x", "y"], maxBacklog: 3)))[1]);
        Assert.Equal("2", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task Bare_request_that_is_repeated_is_found_over_one_roll_of_the_window()
    {
        await using var run = await StartAsync();
        var first = (await run.BatchAsync("s1", ++_number, Bare("one", ["x"])))[1];

        for (var roll = 0; roll < 2; roll++)
        {
            await OpenedBeforeAsync(run, "r:t", 60_000);
            if (roll == 0)
            {
                Assert.DoesNotContain('=', (await run.BatchAsync("s1", ++_number, Bare("two", ["x"])))[1]);
            }

            Assert.Equal("OK =" + first["OK ".Length..], (await run.BatchAsync("s1", ++_number, Bare("one", ["x"])))[1]);
        }
    }

    [Fact]
    public async Task An_id_lives_over_one_roll_of_the_window_and_ends_with_the_second()
    {
        await using var run = await StartAsync();
        await PublishAsync(run, "a");

        await PassWindowAsync(run);
        await PublishAsync(run, "b");
        Assert.StartsWith("OK =", await PublishAsync(run, "a"), StringComparison.Ordinal);

        await PassWindowAsync(run);
        await PublishAsync(run, "c");
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "i:t:d1")));
        Assert.Equal("2", await run.CommandAsync("EXISTS", run.Key(0, "i:t:d2"), run.Key(0, "i:t:d3")));
        Assert.StartsWith("OK =", await PublishAsync(run, "b"), StringComparison.Ordinal);
        Assert.DoesNotContain('=', await PublishAsync(run, "a"));
    }

    [Fact]
    public async Task A_clock_that_jumps_back_forgets_nothing()
    {
        await using var run = await StartAsync();
        await PublishAsync(run, "a");
        await OpenedBeforeAsync(run, "d:t", -3_600_000);

        Assert.StartsWith("OK =", await PublishAsync(run, "a"), StringComparison.Ordinal);
        Assert.DoesNotContain('=', await PublishAsync(run, "b"));
        Assert.StartsWith("OK =", await PublishAsync(run, "b"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_of_the_publisher_and_one_of_an_event_never_meet()
    {
        await using var run = await StartAsync();
        await PublishAsync(run, "a");

        Assert.DoesNotContain('=', await PublishAsync(run, "a", kind: "r"));
        Assert.StartsWith("OK =", await PublishAsync(run, "a", kind: "r"), StringComparison.Ordinal);
        Assert.Equal("1", await run.CommandAsync("EXISTS", run.Key(0, "i:t:r1")));
    }

    [Fact]
    public async Task A_bucket_that_nobody_writes_to_expires_after_three_windows()
    {
        await using var run = await StartAsync();
        await PublishAsync(run, "a");

        Assert.InRange(await LifeAsync(run, "i:t:d1"), 150_000, 180_000);
    }

    [Fact]
    public async Task A_window_that_grew_holds_for_ids_in_a_bucket_that_was_opened_before()
    {
        await using var run = await StartAsync();
        await PublishAsync(run, "a", windowMs: 10_000);

        await PublishAsync(run, "b", windowMs: 600_000);

        Assert.InRange(await LifeAsync(run, "i:t:d1"), 600_000, 1_800_000);
    }

    [Fact]
    public async Task Results_of_steps_are_kept_in_two_buckets_of_the_home_partition()
    {
        await using var run = await StartAsync();
        var first = (await run.BatchAsync("s1", 1, Step("one", operations: [Operation("u", "k", place: 2)])))[1];
        Assert.Equal("DUPLICATE" + first["OK".Length..], (await run.BatchAsync("s1", 2, Step("one")))[1]);

        for (var number = 3; number < 5; number++)
        {
            await OpenedBeforeAsync(run, "r", 60_000);
            await run.BatchAsync("s1", number, Step($"step {number}"));
        }

        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "r:1")));
        Assert.Equal("2", await run.CommandAsync("EXISTS", run.Key(0, "r:2"), run.Key(0, "r:3")));
        Assert.StartsWith("OK ", (await run.BatchAsync("s1", 5, Step("one")))[1], StringComparison.Ordinal);
    }

    private async Task<LibraryRun> StartAsync()
    {
        var run = await server.RunAsync();
        await run.OpenAsync();
        return run;
    }

    private async Task<string> PublishAsync(LibraryRun run, string id, string kind = "d", long windowMs = 60_000) =>
        (await run.BatchAsync("s1", ++_number, Publish(Append(id: id, kind: kind, windowMs: windowMs))))[1];

    private static async Task<string> DataAsync(LibraryRun run, string id) =>
        string.Join(',', (await run.CommandAsync("XRANGE", run.Key(0, "t:t"), id, id)).Split(',')[1..5]);

    private static Task PassWindowAsync(LibraryRun run) => OpenedBeforeAsync(run, "d:t", 60_000);

    /// <summary>Sets back when the newest bucket of a family was opened.</summary>
    private static async Task OpenedBeforeAsync(LibraryRun run, string family, long ms)
    {
        var words = (await run.FieldAsync(0, family)).Split(' ');
        var opened = long.Parse(words[1], CultureInfo.InvariantCulture) - ms;
        await run.CommandAsync("HSET", run.Key(0, "m"), family, $"{words[0]} {opened} {words[2]}");
    }

    private static async Task<(long Last, long Duplicates)> CountsAsync(LibraryRun run)
    {
        var numbers = await run.TopicAsync();
        return (numbers.Last, numbers.Duplicates);
    }

    private static async Task<long> LifeAsync(LibraryRun run, string suffix) =>
        long.Parse(await run.CommandAsync("PTTL", run.Key(0, suffix)), CultureInfo.InvariantCulture);
}

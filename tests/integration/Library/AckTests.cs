using System.Globalization;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>What is passed in any order ends as one number, and what every group has passed is dropped.</summary>
public sealed class AckTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private long _number;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Passing_in_any_order_ends_without_intervals(int seed)
    {
        const int Count = 60;
        await using var run = await StartAsync(Count);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");
        var random = new Random(seed);
        var order = Enumerable.Range(1, Count).Select(seq => (long)seq).ToArray();
        random.Shuffle(order);
        var passed = new HashSet<long>();

        for (var at = 0; at < Count;)
        {
            var some = order[at..Math.Min(Count, at + random.Next(1, 8))];
            at += some.Length;
            passed.UnionWith(some);
            // Once more what is passed already: it changes nothing and is not counted.
            Assert.Equal($"OK {some.Length}", await RequestAsync(run, Pass(fencingToken, worldLine, [.. some, some[0]])));
            Assert.Equal(Expected(passed), await StandAsync(run));
        }

        Assert.Equal($"{worldLine}-{Count},{Count}", await run.CommandAsync("HMGET", run.Key(0, "l:g:t"), "u", "c"));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "o:g:t")));
        Assert.Equal("OK 0", await RequestAsync(run, Pass(fencingToken, worldLine, order)));
    }

    [Fact]
    public async Task A_new_holder_is_told_what_was_passed_above_its_start()
    {
        await using var run = await StartAsync(9);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");
        await RequestAsync(run, Pass(fencingToken, worldLine, 1, 3, 4, 7));

        var claimed = (await run.ClaimAsync("claim", "s2", "s1"))[0].Split(' ');

        Assert.Equal(["OK", $"{worldLine}.2", $"{worldLine}-1", "1", "0", "3:4", "7:7"], claimed);
    }

    [Fact]
    public async Task A_stream_keeps_what_one_of_its_groups_has_not_passed()
    {
        await using var run = await StartAsync(5);
        var (first, worldLine) = await HoldAsync(run, "s1");
        await run.ClaimAsync("claim", "s1", group: "h");

        await RequestAsync(run, Pass(first, worldLine, 1, 2, 3, 4, 5));
        Assert.Equal("5", await run.CommandAsync("XLEN", run.Key(0, "t:t")));

        object[] other = [.. Pass($"{worldLine}.1", worldLine, 1, 2, 3, 4, 5)];
        other[2] = "h";
        await RequestAsync(run, other);
        Assert.Equal("0", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal("5", await run.CommandAsync("HGET", run.Key(0, "n:t"), "t"));
    }

    [Fact]
    public async Task A_long_stream_is_trimmed_before_its_end_is_reached()
    {
        await using var run = await StartAsync(70);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");

        await RequestAsync(run, Pass(fencingToken, worldLine, [.. Enumerable.Range(1, 63).Select(seq => (long)seq)]));
        Assert.Equal("70", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        await RequestAsync(run, Pass(fencingToken, worldLine, 64));

        Assert.Equal("6", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        // A group that comes now starts after what is gone.
        Assert.Equal($"OK {worldLine}.1 0-64 0 0", (await run.ClaimAsync("claim", "s1", group: "late"))[0]);
    }

    [Fact]
    public async Task A_full_topic_takes_messages_again_when_some_were_passed()
    {
        await using var run = await StartAsync(3);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");

        Assert.Equal("FULL 1", await RequestAsync(run, Publish(Append("other"), Append(maxBacklog: 3))));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "t:other")));
        Assert.Equal("FULL 0", await RequestAsync(run, Step("", operations: [Operation("u", "k")], emits: [Append(maxBacklog: 3)])));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "s:k")));

        await RequestAsync(run, Pass(fencingToken, worldLine, 1, 2, 3));
        Assert.StartsWith($"OK {worldLine}-4 ", await RequestAsync(run, Publish(Append(maxBacklog: 3))), StringComparison.Ordinal);
    }

    private async Task<LibraryRun> StartAsync(int messages)
    {
        var run = await server.RunAsync();
        await run.OpenAsync();
        await RequestAsync(run, Publish([.. Enumerable.Range(0, messages).Select(_ => Append())]));
        return run;
    }

    private async Task<string> RequestAsync(LibraryRun run, object[] request) => (await run.BatchAsync("s1", ++_number, request))[1];

    private static async Task<(string FencingToken, string WorldLine)> HoldAsync(LibraryRun run, string session)
    {
        var fencingToken = (await run.ClaimAsync("claim", session))[0].Split(' ')[1];
        return (fencingToken, fencingToken.Split('.')[0]);
    }

    /// <summary>What the lane should have kept: how far it is passed, and maximal intervals above that.</summary>
    private static string Expected(HashSet<long> passed)
    {
        var upTo = 0L;
        while (passed.Contains(upTo + 1))
        {
            upTo++;
        }

        var above = passed
            .Where(seq => seq > upTo && !passed.Contains(seq - 1))
            .Order()
            .Select(first =>
            {
                var last = first;
                while (passed.Contains(last + 1))
                {
                    last++;
                }

                return $"{first}:{last}";
            });
        return $"{upTo} {string.Join(',', above)}";
    }

    private static async Task<string> StandAsync(LibraryRun run)
    {
        var upTo = (await run.CommandAsync("HGET", run.Key(0, "l:g:t"), "u")).Split('-')[1];
        var intervals = (await run.CommandAsync("ZRANGE", run.Key(0, "o:g:t"), 0, -1)).Split(',', StringSplitOptions.RemoveEmptyEntries);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{upTo} {string.Join(',', intervals.Select(interval => string.Join(':', interval.Split(':')[..2])))}"
        );
    }
}

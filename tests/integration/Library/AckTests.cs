using System.Globalization;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>What is acked in any order ends as one number, and what every group has acked is dropped.</summary>
public sealed class AckTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private long _number;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Acking_in_any_order_ends_without_ranges(int seed)
    {
        const int Count = 60;
        await using var run = await StartAsync(Count);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");
        var random = new Random(seed);
        var order = Enumerable.Range(1, Count).Select(seq => (long)seq).ToArray();
        random.Shuffle(order);
        var acked = new HashSet<long>();

        for (var at = 0; at < Count;)
        {
            var some = order[at..Math.Min(Count, at + random.Next(1, 8))];
            at += some.Length;
            acked.UnionWith(some);
            // Once more what is acked already: it changes nothing and is not counted.
            var reply = await RequestAsync(run, Ack(fencingToken, worldLine, [.. some, some[0]]));
            Assert.Equal($"OK {some.Length}", LibraryRun.Positioned(reply));
            Assert.Equal(Expected(acked), await StandAsync(run));
        }

        Assert.Equal(($"{worldLine}-{Count}", 0, Count), await BooksAsync(run));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "o:g:t")));
        Assert.Equal("OK 0", LibraryRun.Positioned(await RequestAsync(run, Ack(fencingToken, worldLine, order))));
    }

    [Fact]
    public async Task A_new_owner_is_told_what_was_acked_above_its_start()
    {
        await using var run = await StartAsync(9);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");
        await RequestAsync(run, Ack(fencingToken, worldLine, 1, 3, 4, 7));

        var claimed = (await run.ClaimAsync("claim", "s2", "s1"))[0].Split(' ');

        Assert.Equal(["OK", $"{worldLine}.2", $"{worldLine}-1", "1", "0", "3:4", "7:7"], claimed);
    }

    [Fact]
    public async Task A_stream_keeps_what_one_of_its_groups_has_not_acked()
    {
        await using var run = await StartAsync(5);
        var (first, worldLine) = await HoldAsync(run, "s1");
        await run.ClaimAsync("claim", "s1", group: "h");

        await RequestAsync(run, Ack(first, worldLine, 1, 2, 3, 4, 5));
        Assert.Equal("5", await run.CommandAsync("XLEN", run.Key(0, "t:t")));

        object[] other = [.. Ack($"{worldLine}.1", worldLine, 1, 2, 3, 4, 5)];
        other[2] = "h";
        await RequestAsync(run, other);
        Assert.Equal("0", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal(5, (await run.TopicAsync()).Trimmed);
    }

    [Fact]
    public async Task A_long_stream_is_trimmed_before_its_end_is_reached()
    {
        await using var run = await StartAsync(70);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");

        await RequestAsync(run, Ack(fencingToken, worldLine, [.. Enumerable.Range(1, 63).Select(seq => (long)seq)]));
        Assert.Equal("70", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        await RequestAsync(run, Ack(fencingToken, worldLine, 64));

        Assert.Equal("6", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        // A group that comes now starts after what is gone.
        Assert.Equal($"OK {worldLine}.1 0-64 0 0", (await run.ClaimAsync("claim", "s1", group: "late"))[0]);
    }

    [Fact]
    public async Task A_full_topic_takes_messages_again_when_some_were_acked()
    {
        await using var run = await StartAsync(3);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");

        Assert.Equal("FULL 1", await RequestAsync(run, Publish(Append("other"), Append(maxBacklog: 3))));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "t:other")));
        Assert.Equal("FULL 0", await RequestAsync(run, Step("", operations: [Operation("u", "k")], emits: [Append(maxBacklog: 3)])));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "s:k")));

        await RequestAsync(run, Ack(fencingToken, worldLine, 1, 2, 3));
        Assert.StartsWith($"OK {worldLine}-4 ", await RequestAsync(run, Publish(Append(maxBacklog: 3))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_whose_name_is_the_sign_for_nobody_keeps_its_messages()
    {
        await using var run = await StartAsync(2);
        var (first, worldLine) = await HoldAsync(run, "s1");
        Assert.Equal($"OK {worldLine}.1 0-0 0 0", (await run.ClaimAsync("claim", "s1", group: "-"))[0]);
        Assert.Equal(("g,-", "s1"), ((await run.TopicAsync()).Groups, (await run.LaneAsync("-")).Owner));

        await RequestAsync(run, Ack(first, worldLine, 1, 2));
        Assert.Equal("2", await run.CommandAsync("XLEN", run.Key(0, "t:t")));

        object[] other = [.. Ack($"{worldLine}.1", worldLine, 1, 2)];
        other[2] = "-";
        Assert.Equal("OK 2", LibraryRun.Positioned(await RequestAsync(run, other)));
        Assert.Equal("0", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
    }

    [Fact]
    public async Task Damaged_numbers_of_one_group_stop_the_trimming_and_nothing_else()
    {
        await using var run = await StartAsync(3);
        var (fencingToken, worldLine) = await HoldAsync(run, "s1");
        await run.ClaimAsync("claim", "s1", group: "h");
        await run.CommandAsync("HSET", run.Key(0, "m"), "l:h:t", "damaged");

        Assert.Equal("OK 3", LibraryRun.Positioned(await RequestAsync(run, Ack(fencingToken, worldLine, 1, 2, 3))));

        Assert.Equal("3", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        Assert.Equal(($"{worldLine}-3", 0, 3), await BooksAsync(run));
        object[] other = [.. Ack(fencingToken, worldLine, 1)];
        other[2] = "h";
        Assert.Equal($"ERROR DAMAGED key {run.Key(0, "m")}: field l:h:t is in another form", await RequestAsync(run, other));
        Assert.StartsWith("OK ", await RequestAsync(run, Publish(Append())), StringComparison.Ordinal);
        Assert.Equal(("", "damaged"), (await run.FieldAsync(0, "broken"), await run.FieldAsync(0, "l:h:t")));
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

    /// <summary>What the lane should have kept: how far it is acked, and maximal ranges above that.</summary>
    private static string Expected(HashSet<long> acked)
    {
        var upTo = 0L;
        while (acked.Contains(upTo + 1))
        {
            upTo++;
        }

        var above = acked
            .Where(seq => seq > upTo && !acked.Contains(seq - 1))
            .Order()
            .Select(first =>
            {
                var last = first;
                while (acked.Contains(last + 1))
                {
                    last++;
                }

                return $"{first}:{last}";
            });
        return $"{upTo} {string.Join(',', above)}";
    }

    private static async Task<(string Watermark, long Ranges, long Consumed)> BooksAsync(LibraryRun run)
    {
        var lane = await run.LaneAsync();
        return (lane.Watermark, lane.Ranges, lane.Consumed);
    }

    private static async Task<string> StandAsync(LibraryRun run)
    {
        var lane = await run.LaneAsync();
        var ranges = (await run.CommandAsync("ZRANGE", run.Key(0, "o:g:t"), 0, -1)).Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lane.Ranges, ranges.Length);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{lane.Watermark.Split('-')[1]} {string.Join(',', ranges.Select(range => string.Join(':', range.Split(':')[..2])))}"
        );
    }
}

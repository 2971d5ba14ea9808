using Darq.Engine.Redis;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>A queued message is out of its stream and still pending; it ends in exactly one way and place.</summary>
public sealed class RetryQueueTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private string _fencingToken = "";
    private string _worldLine = "";
    private long _number;

    [Fact]
    public async Task A_queued_message_leaves_its_stream_and_is_read_from_the_retry_queue_byte_by_byte()
    {
        await using var run = await StartAsync(3);
        var before = await run.CommandAsync("XRANGE", run.Key(0, "t:t"), $"{_worldLine}-2", $"{_worldLine}-2");

        Assert.Equal("OK 2", LibraryRun.Positioned(await QueueAsync(run, (2, 5000, 3), (1, 0, 0))));
        Assert.Equal("OK 1", LibraryRun.Positioned(await RequestAsync(run, Ack(_fencingToken, _worldLine, 3))));

        Assert.Equal("0", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        var lane = await run.LaneAsync();
        Assert.Equal(($"{_worldLine}-3", 1), (lane.Watermark, lane.Consumed));
        var index = await PageAsync(run, 0, 10);
        var now = long.Parse(index[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Matches($"^{_worldLine}-1 [0-9]+ 0 k 1$", index[1]);
        var due = long.Parse(index[2].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal($"{_worldLine}-2 {due} 3 k 2", index[2]);
        Assert.InRange(due, now, now + 5000);
        var bodies = await BodiesAsync(run, 10_000, 2, 3);
        var fields = before.Split(',')[1..];
        Assert.Equal((index[2], true, true), (bodies[0].ToString(), bodies[2].IsNothing, bodies[3].IsNothing));
        Assert.Contains("i4:madek3:k 2d7:2:x\r\n\0y", bodies[1].ToString(), StringComparison.Ordinal);
        Assert.Contains("2:x\r\n\0y", fields);
    }

    [Fact]
    public async Task The_retry_queue_is_read_in_pages_and_bodies_until_the_bytes_are_reached()
    {
        await using var run = await StartAsync(5);
        await QueueAsync(run, (5, 0, 0), (1, 90_000, 1), (3, 0, 0));

        var first = await PageAsync(run, 0, 2);
        var second = await PageAsync(run, 3, 2);

        Assert.Equal([$"{_worldLine}-1", $"{_worldLine}-3"], first.Skip(1).Select(item => item.Split(' ')[0]));
        Assert.Equal([$"{_worldLine}-5"], second.Skip(1).Select(item => item.Split(' ')[0]));
        Assert.Equal(2, (await BodiesAsync(run, 1, 1, 3)).Count);
    }

    [Fact]
    public async Task A_damaged_retry_queue_does_not_keep_the_messages_of_another_from_being_read()
    {
        await using var run = await StartAsync(1);
        await QueueAsync(run, (1, 0, 0));
        await run.CommandAsync("SET", run.Key(0, "q:g2:t"), "x");

        var header = run.Key(0, "m");
        var damaged = (await run.CallAsync("bodies", header, [0, "g2", "t", 1000, .. run.List(1), 1, 1])).Items;
        var sound = await BodiesAsync(run, 1000, 1);

        Assert.StartsWith($"DAMAGED key {run.Key(0, "q:g2:t")}: WRONGTYPE", damaged[0].ToString(), StringComparison.Ordinal);
        Assert.True(damaged[1].IsNothing);
        Assert.StartsWith(_worldLine, sound[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queueing_again_changes_when_and_how_often_but_neither_message_nor_books()
    {
        await using var run = await StartAsync(1);
        await QueueAsync(run, (1, 0, 1));
        var body = await run.CommandAsync("HGET", run.Key(0, "qb:g:t"), 1);

        Assert.Equal("OK 1", LibraryRun.Positioned(await QueueAsync(run, (1, 60_000, 2))));

        Assert.Equal("1", await run.CommandAsync("ZCARD", run.Key(0, "q:g:t")));
        Assert.EndsWith(" 2 k 1", await run.CommandAsync("ZRANGE", run.Key(0, "q:g:t"), 0, 0), StringComparison.Ordinal);
        Assert.Equal(body, await run.CommandAsync("HGET", run.Key(0, "qb:g:t"), 1));
        await RequestAsync(run, Ack(_fencingToken, _worldLine, 1));
        Assert.Equal("OK 0", LibraryRun.Positioned(await QueueAsync(run, (1, 0, 3))));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "q:g:t"), run.Key(0, "qb:g:t")));
        Assert.Equal(1, (await run.LaneAsync()).Consumed);
    }

    [Fact]
    public async Task A_step_consumes_a_queued_message_exactly_once()
    {
        await using var run = await StartAsync(2);
        await QueueAsync(run, (1, 60_000, 1));

        var first = await RequestAsync(run, Step("", [Consumed(1)], [Operation("u", "k")]));
        var second = await RequestAsync(run, Step("", [Consumed(1)], [Operation("u", "k", "other")]));
        var other = await RequestAsync(run, Step("other", [Consumed(1)], [Operation("u", "k", "other")]));

        Assert.StartsWith("OK ", first, StringComparison.Ordinal);
        Assert.Equal(("DUPLICATE" + first["OK".Length..], "STALE 0"), (second, other));
        Assert.Equal("v", await run.ValueAsync("k"));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "q:g:t"), run.Key(0, "qb:g:t")));
        Assert.Equal(1, (await run.LaneAsync()).Consumed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dead_message_is_in_the_dead_letter_topic_and_nowhere_else(bool queued)
    {
        await using var run = await StartAsync(1);
        if (queued)
        {
            await QueueAsync(run, (1, 60_000, 1));
        }

        Assert.Equal($"OK {_worldLine}-1", LibraryRun.Positioned(await RequestAsync(run, Dead(1))));
        Assert.Equal("OK", LibraryRun.Positioned(await RequestAsync(run, Dead(1))));

        var letter = (await run.CommandAsync("XRANGE", run.Key(0, "t:dead"), "-", "+")).Split(',');
        Assert.Equal(("own", "k 1", "1:x\r\n\0y", "{}"), (Field(letter, "i"), Field(letter, "k"), Field(letter, "d"), Field(letter, "m")));
        Assert.Equal("1", await run.CommandAsync("XLEN", run.Key(0, "t:dead")));
        Assert.Equal("0", await run.CommandAsync("EXISTS", run.Key(0, "q:g:t"), run.Key(0, "qb:g:t")));
        Assert.Equal("0", await run.CommandAsync("XLEN", run.Key(0, "t:t")));
        var lane = await run.LaneAsync();
        Assert.Equal((0, 1), (lane.Consumed, lane.Dead));
        Assert.Equal("STALE 0", await RequestAsync(run, Step("", [Consumed(1)])));
    }

    [Fact]
    public async Task A_full_dead_letter_topic_changes_nothing()
    {
        await using var run = await StartAsync(2);
        await RequestAsync(run, Dead(1, most: 1));

        Assert.Equal("FULL", await RequestAsync(run, Dead(2, most: 1)));

        var lane = await run.LaneAsync();
        Assert.Equal(($"{_worldLine}-1", 1), (lane.Watermark, lane.Dead));
        Assert.Equal($"OK {_worldLine}-2", LibraryRun.Positioned(await RequestAsync(run, Dead(2, most: 2))));
    }

    [Fact]
    public async Task Who_lost_the_lane_neither_queues_nor_buries()
    {
        await using var run = await StartAsync(2);
        await QueueAsync(run, (1, 0, 1));
        await run.ClaimAsync("claim", "s2", "s1");

        Assert.Equal("FENCED", await QueueAsync(run, (2, 0, 1)));
        Assert.Equal("FENCED", await QueueAsync(run, (1, 0, 2)));
        Assert.Equal("FENCED", await RequestAsync(run, Dead(1)));
        Assert.Equal("FENCED", await RequestAsync(run, Step("", [Consumed(1)])));
        Assert.Equal(
            ("1", "0"),
            (await run.CommandAsync("ZCARD", run.Key(0, "q:g:t")), await run.CommandAsync("EXISTS", run.Key(0, "t:dead")))
        );
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_books_of_a_lane_balance_after_every_request(int seed)
    {
        await using var run = await StartAsync(0);
        var (random, appended, ends) = (new Random(seed), 0, new Dictionary<long, string>());
        for (var i = 0; i < 400; i++)
        {
            if (random.Next(3) == 0)
            {
                await RequestAsync(run, Publish(Message(++appended)));
            }
            else if (appended > 0)
            {
                var seq = random.Next(1, appended + 1);
                var (request, counter) = random.Next(6) switch
                {
                    0 => (Ack(_fencingToken, _worldLine, seq), "consumed"),
                    1 => (Expire(seq), "expired"),
                    2 => (Step("", [Consumed(seq)], [Operation("u", "k")]), "consumed"),
                    3 => (Dead(seq), "dead"),
                    _ => (Retry((seq, random.Next(5000), random.Next(9)), (random.Next(1, appended + 1), 0, 0)), ""),
                };
                Assert.Matches("^(OK|DUPLICATE|STALE)", await RequestAsync(run, request));
                if (counter.Length > 0)
                {
                    ends.TryAdd(seq, counter);
                }
            }
            Assert.Equal(Expected(appended, ends), await BooksAsync(run));
        }
        Assert.Equal(3, ends.Values.Distinct().Count());
    }

    private static (long Appended, long Consumed, long Dead, long Expired, long Pending) Expected(
        int appended,
        Dictionary<long, string> ends
    ) =>
        (
            appended,
            ends.Values.Count(end => end == "consumed"),
            ends.Values.Count(end => end == "dead"),
            ends.Values.Count(end => end == "expired"),
            appended - ends.Count
        );

    /// <summary>Everything from Redis: what is pending is counted in stream and retry queue, not what is left over.</summary>
    private static async Task<(long Appended, long Consumed, long Dead, long Expired, long Pending)> BooksAsync(LibraryRun run)
    {
        var (lane, appended) = (await run.LaneAsync(), (await run.TopicAsync()).Last);
        var ranges = (await run.CommandAsync("ZRANGE", run.Key(0, "o:g:t"), 0, -1))
            .Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(range => range.Split(':'));
        var unacked = appended - Number(lane.Watermark.Split('-')[1]) - ranges.Sum(range => Number(range[1]) - Number(range[0]) + 1);
        var queued = Number(await run.CommandAsync("ZCARD", run.Key(0, "q:g:t")));
        Assert.Equal(queued, Number(await run.CommandAsync("HLEN", run.Key(0, "qb:g:t"))));
        return (appended - lane.Start, lane.Consumed, lane.Dead, lane.Expired, unacked + queued);
    }

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private async Task<LibraryRun> StartAsync(int messages)
    {
        var run = await server.RunAsync();
        await run.OpenAsync();
        _fencingToken = (await run.ClaimAsync("claim", "s1"))[0].Split(' ')[1];
        _worldLine = _fencingToken.Split('.')[0];
        for (var i = 1; i <= messages; i++)
        {
            await RequestAsync(run, Publish(Message(i)));
        }

        return run;
    }

    private static async Task<string[]> PageAsync(LibraryRun run, long after, int count) =>
        [
            .. (await run.CallAsync("queued", run.Key(0, "m"), [0, "g", "t", after, count, .. run.List(1)])).Items.Select(item =>
                item.ToString()
            ),
        ];

    private static async Task<IReadOnlyList<RedisReply>> BodiesAsync(LibraryRun run, long bytes, params long[] seqs) =>
        (
            await run.CallAsync(
                "bodies",
                run.Key(0, "m"),
                [0, "g", "t", bytes, .. run.List(1), .. seqs.SelectMany(seq => new object[] { 1, seq })]
            )
        ).Items;

    private static object[] Message(int i) => Append(key: $"k {i}", data: $"{i}:x\r\n\0y");

    private async Task<string> RequestAsync(LibraryRun run, object[] request) => (await run.BatchAsync("s1", ++_number, request))[1];

    private Task<string> QueueAsync(LibraryRun run, params (long Seq, long DelayMs, int Failures)[] messages) =>
        RequestAsync(run, Retry(messages));

    private object[] Retry(params (long Seq, long DelayMs, int Failures)[] messages) =>
        [
            "retry",
            1,
            "g",
            "t",
            _fencingToken,
            messages.Length,
            .. messages.SelectMany(message => new object[] { _worldLine, message.Seq, message.DelayMs, message.Failures }),
        ];

    private object[] Dead(long seq, int most = 1000) => ["dead", 1, "g", "t", _fencingToken, _worldLine, seq, "dead", "own", "{}", most];

    private object[] Expire(long seq) => ["ack", 1, "g", "t", _fencingToken, "expired", 1, _worldLine, seq];

    private object[] Consumed(long seq) => [1, "g", "t", _fencingToken, _worldLine, seq, $"m{seq}"];

    private static string Field(string[] entry, string name) => entry[Array.IndexOf(entry, name) + 1];
}

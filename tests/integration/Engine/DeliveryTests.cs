using System.Globalization;
using System.Text;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>Publishing and delivering on a real Redis: duplicates, order, failure, restarts.</summary>
public abstract class DeliveryTests(bool valkey) : EngineTests(valkey)
{
    [Fact]
    public async Task A_stream_may_be_ended_twice()
    {
        var stream = Run.Subscriptions.Attach("group", "ended", new(), new Inbox());

        await stream.DisposeAsync();
        await stream.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        Assert.False(stream.IsOpen);
    }

    [Fact]
    public async Task A_message_published_twice_is_delivered_once_and_the_second_answer_names_the_first()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new(), inbox);
        var first = await Run.PublishAsync("t", "{}", ("darq.id", "m1"));
        var second = await Run.PublishAsync("t", "{}", ("darq.id", "m1"));

        Assert.Equal((first.Id, true), (second.Id, second.Duplicate));
        stream.Ack((await inbox.NextAsync()).Token);
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromMilliseconds(500)), "the duplicate was delivered");
    }

    [Fact]
    public async Task By_content_an_event_that_comes_again_is_delivered_once_but_other_bytes_under_the_same_id_are_another_message()
    {
        await UseAsync(DedupBy.Content);
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new(), inbox);
        await Run.PublishAsync("t", """{"specversion":"1.0","id":"1","source":"shop","data":1}""");
        await Run.PublishAsync("t", """{"specversion":"1.0","id":"1","source":"shop","data":1}""");
        await Run.PublishAsync("t", """{"specversion":"1.0","id":"1","source":"shop","data":2}""");

        Delivery[] seen = [await inbox.NextAsync(), await inbox.NextAsync()];

        Assert.Equal(2, seen.Select(d => Inbox.Text(d).Contains("\"data\":1", StringComparison.Ordinal)).Distinct().Count());
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromMilliseconds(500)), "the event that came again was delivered");
    }

    [Fact]
    public async Task By_content_events_of_a_bulk_are_told_each_by_its_id_and_so_are_those_of_the_same_bulk_sent_again()
    {
        await UseAsync(DedupBy.Content);
        PublishEntry[] bulk =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(n => new PublishEntry(
                    Encoding.UTF8.GetBytes($$"""{"specversion":"1.0","id":"{{n}}","source":"shop"}"""),
                    EngineRun.NoMetadata
                )),
        ];
        var first = await Run.Publisher.PublishAsync("t", bulk, default);
        var second = await Run.Publisher.PublishAsync("t", bulk, default);

        // An id of this component's own is the message's, and a repetition is told where the message is, under an id that none has.
        Assert.Equal(first.Select(published => published with { Id = "", Duplicate = true }), second.Select(told => told with { Id = "" }));
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true, MaxInFlight = 10 }, inbox);
        for (var n = 0; n < bulk.Length; n++)
        {
            var delivery = await inbox.NextAsync();
            Assert.True(DeliveryToken.TryParse(delivery.Token, out var token));
            Assert.Equal((first[n].Partition, first[n].StreamId, first[n].Id), (token.Partition, token.Message, token.Id));
            Assert.Contains($"\"id\":\"{n}\"", Inbox.Text(delivery), StringComparison.Ordinal);
            stream.Ack(delivery.Token);
        }
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromMilliseconds(500)), "the repeated bulk was delivered");
    }

    [Fact]
    public async Task What_the_holder_of_a_lane_publishes_itself_is_delivered_without_being_read_back()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        await Run.PublishAsync("t", "{}");
        stream.Ack((await inbox.NextAsync()).Token);
        await Redis.CliAsync("CONFIG", "RESETSTAT");

        for (var i = 0; i < 50; i++)
        {
            await Run.PublishAsync("t", $$"""{"n":{{i}}}""", ("partitionKey", "one"));
            var delivery = await inbox.NextAsync();
            Assert.Contains($"\"n\":{i}", Inbox.Text(delivery), StringComparison.Ordinal);
            stream.Ack(delivery.Token);
        }

        var reads = (await Redis.CliAsync("INFO", "commandstats"))
            .Split('\n')
            .FirstOrDefault(line => line.StartsWith("cmdstat_xrange:calls=", StringComparison.Ordinal));
        Assert.True(
            reads is null || int.Parse(reads["cmdstat_xrange:calls=".Length..].Split(',')[0], CultureInfo.InvariantCulture) < 25,
            reads
        );
    }

    [Fact]
    public async Task A_failed_message_comes_again_and_holds_back_only_its_key()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach(
            "g",
            "t",
            new() { Concurrent = true, RetryDelay = TimeSpan.FromSeconds(1) },
            inbox
        );
        await Run.PublishAsync("t", """{"m":"a1"}""", ("partitionKey", "a"));
        await Run.PublishAsync("t", """{"m":"a2"}""", ("partitionKey", "a"));
        var failing = await inbox.NextAsync();
        stream.Nack(failing.Token);
        await Run.PublishAsync("t", """{"m":"b1"}""", ("partitionKey", "b"));

        List<string> order = [];
        for (var i = 0; i < 3; i++)
        {
            var delivery = await inbox.NextAsync();
            order.Add(Inbox.Text(delivery)[6..8]);
            stream.Ack(delivery.Token);
        }

        Assert.Equal(["b1", "a1", "a2"], order);
    }

    [Fact]
    public async Task Messages_of_one_key_keep_their_order_through_failures_while_many_are_in_flight()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach(
            "g",
            "t",
            new() { Concurrent = true, RetryDelay = TimeSpan.FromMilliseconds(1) },
            inbox
        );
        for (var i = 0; i < 200; i++)
        {
            await Run.PublishAsync("t", i.ToString(CultureInfo.InvariantCulture), ("partitionKey", $"k{i % 7}"), ("darq.id", $"{i}"));
        }

        var done = Enumerable.Range(0, 7).ToDictionary(k => k, _ => new List<int>());

        var random = new Random(7);
        for (var left = 200; left > 0;)
        {
            var delivery = await inbox.NextAsync();
            if (random.Next(4) == 0)
            {
                stream.Nack(delivery.Token);
                continue;
            }
            var i = int.Parse(Inbox.Text(delivery), CultureInfo.InvariantCulture);
            done[i % 7].Add(i);
            stream.Ack(delivery.Token);
            left--;
        }

        Assert.All(done.Values, sequence => Assert.Equal(sequence.Order(), sequence));
    }

    [Fact]
    public async Task What_was_not_acknowledged_when_its_process_died_is_delivered_by_the_next_and_nothing_else()
    {
        var (before, after) = (new Inbox(), new Inbox());
        var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, before);
        for (var i = 0; i < 10; i++)
        {
            await Run.PublishAsync("t", $"{i}", ("darq.id", $"{i}"));
        }

        var deliveries = new List<Delivery>();
        for (var i = 0; i < 10; i++)
        {
            deliveries.Add(await before.NextAsync());
        }

        foreach (var acked in deliveries.Where((_, i) => i % 2 == 0))
        {
            stream.Ack(acked.Token);
        }

        var open = deliveries.Where((_, i) => i % 2 == 1).Select(Inbox.Text).Order().ToArray();
        await Run.DisposeAsync();

        Run = await EngineRun.StartAsync(Redis.Port);
        await using var next = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, after);
        var again = new List<string>();
        for (var i = 0; i < open.Length; i++)
        {
            again.Add(Inbox.Text(await after.NextAsync()));
        }

        Assert.Equal(open, again.Order());
        Assert.True(await after.StaysEmptyAsync(TimeSpan.FromMilliseconds(500)), "an acknowledged message was delivered again");
    }

    [Fact]
    public async Task A_stream_goes_on_over_a_restart_of_Redis_without_loss_or_repetition()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        var seen = new List<string>();
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++)
            {
                await Patiently(() => Run.PublishAsync("t", $"{i}", ("darq.id", $"{i}")));
            }
        });
        while (seen.Count < 300)
        {
            var delivery = await inbox.NextAsync(30);
            seen.Add(Inbox.Text(delivery));
            stream.Ack(delivery.Token);
            if (seen.Count is 50 or 150)
            {
                await Redis.RestartAsync();
            }
        }
        await publishing;

        Assert.Equal(300, seen.Distinct().Count());
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(1)), "a message was delivered twice");
    }

    [Fact]
    public async Task A_holder_goes_on_unharmed_when_another_process_recovers_Redis_first()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        for (var i = 0; i < 8; i++)
        {
            await Run.PublishAsync("t", $"{i}", ("darq.id", $"{i}"));
        }

        var deliveries = new List<Delivery>();
        for (var i = 0; i < 8; i++)
        {
            deliveries.Add(await inbox.NextAsync());
        }

        await using var other = await EngineRun.StartAsync(Redis.Port);
        // What a recovery by the other leaves behind: a later world-line, which the holder has not heard of.
        await other.Primary.CallAsync(
            new(
                FunctionLibrary.Function("recover"),
                other.Primary.Keys.PartitionHeader(0),
                [
                    await IdentityAsync(),
                    Handshake.Format,
                    other.Primary.WorldLine + 1_000_000,
                    .. Enumerable.Range(0, 64).Select(other.Primary.Keys.Tag),
                ]
            ),
            default
        );

        foreach (var delivery in deliveries)
        {
            stream.Ack(delivery.Token);
        }

        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(3)), "an acknowledged message was delivered again");
        await Run.PublishAsync("t", "next");
        Assert.Equal("next", Inbox.Text(await inbox.NextAsync()));
    }

    [Fact]
    public async Task What_every_group_has_acked_leaves_the_stream()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        for (var i = 0; i < 100; i++)
        {
            await Run.PublishAsync("t", $"{i}", ("partitionKey", "k"));
        }

        for (var i = 0; i < 100; i++)
        {
            stream.Ack((await inbox.NextAsync()).Token);
        }

        var partition = Darq.Engine.Core.PartitionHash.Of("k", 64);
        await Eventually.TrueAsync(
            async () => await Redis.CliAsync("XLEN", Run.Primary.Keys.Stream(partition, "t")) == "0",
            TimeSpan.FromSeconds(5),
            "acked messages stayed in the stream"
        );
    }

    private Task<string> IdentityAsync() => Redis.CliAsync("HGET", "{darq}:ns", "id");

    private static async Task Patiently(Func<Task> work)
    {
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (Darq.Engine.Core.DarqException)
            {
                await Task.Delay(50);
            }
        }
    }

    private async Task UseAsync(DedupBy dedupBy)
    {
        await Run.DisposeAsync();
        Run = await EngineRun.StartAsync(Redis.Port, new NamespaceOptions { DedupBy = dedupBy });
    }
}

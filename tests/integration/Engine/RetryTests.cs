using System.Globalization;
using System.Text;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>What fails for long waits in Redis: it holds back its own key alone, survives its holder, and ends in one way.</summary>
public abstract class RetryTests(bool valkey) : RetryQueueTests(valkey)
{
    [Fact]
    public async Task A_failing_key_keeps_its_order_and_holds_back_neither_others_nor_the_trimming_of_its_stream()
    {
        var other = KeyBeside("bad");
        var inbox = new Inbox();
        await using var stream = Attach(Soon, inbox);
        await PublishAsync("bad", [.. Enumerable.Range(0, 5).Select(i => $"bad{i}")]);
        var failing = await inbox.NextAsync();
        stream.Nack(failing.Token);
        await PublishAsync("bad", [.. Enumerable.Range(5, 3).Select(i => $"bad{i}")]);
        await PublishAsync(other, [.. Enumerable.Range(0, 40).Select(i => $"good{i}")]);

        var (good, bad, failures) = (new List<string>(), new List<string>(), 1);
        while (good.Count < 40)
        {
            var delivery = await inbox.NextAsync();
            var text = Inbox.Text(delivery);
            if (text.StartsWith("good", StringComparison.Ordinal))
            {
                good.Add(text);
                stream.Ack(delivery.Token);
                continue;
            }
            Assert.Equal("bad0", text);
            failures++;
            stream.Nack(delivery.Token);
        }
        await StreamIsTrimmedAsync("bad");
        while (bad.Count < 8)
        {
            var delivery = await inbox.NextAsync();
            if (bad.Count == 0)
            {
                Assert.Equal($"{failures + 1}", Inbox.Header(delivery, "darq-attempt"));
            }

            bad.Add(Inbox.Text(delivery));
            stream.Ack(delivery.Token);
        }

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"good{i}"), good);
        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"bad{i}"), bad);
        await RetryQueueIsEmptyAsync("bad");
    }

    [Fact]
    public async Task A_queued_message_survives_its_holder_and_comes_again_first_of_its_key_with_its_attempts()
    {
        var (before, after) = (new Inbox(), new Inbox());
        var stream = Attach(Retried(TimeSpan.FromSeconds(1)), before);
        await PublishAsync("k", "0", "1", "2");
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            var failing = await before.NextAsync();
            Assert.Equal($"{attempt}", Inbox.Header(failing, "darq-attempt"));
            stream.Nack(failing.Token);
        }
        await Eventually.TrueAsync(
            async () => (await Redis.CliAsync("ZRANGE", Key("k", "q:g:t"), "0", "0")).Contains(" 2 k", StringComparison.Ordinal),
            TimeSpan.FromSeconds(5),
            "the message was not queued"
        );
        await using var other = await EngineRun.StartAsync(Redis.Port);
        await using var next = other.Subscriptions.Attach("g", "t", Soon, after);

        await Run.Primary.DisposeAsync(); // the holder goes silent without a goodbye
        await other.PublishAsync("t", "3", ("partitionKey", "k"));
        var seen = new List<(string, string)>();
        while (seen.Count < 4)
        {
            var delivery = await after.NextAsync(20);
            seen.Add((Inbox.Text(delivery), Inbox.Header(delivery, "darq-attempt")));
            next.Ack(delivery.Token);
        }

        Assert.Equal([("0", "3"), ("1", "1"), ("2", "1"), ("3", "1")], seen);
        await RetryQueueIsEmptyAsync("k");
    }

    [Fact]
    public async Task A_step_consumes_a_queued_message_once_and_a_repetition_is_told_so()
    {
        var inbox = new Inbox();
        await using var stream = Attach(Soon, inbox);
        await PublishAsync("k", "1", "2");
        stream.Nack((await inbox.NextAsync()).Token);
        var delivery = await inbox.NextAsync();
        Assert.Equal("2", Inbox.Header(delivery, "darq-attempt"));

        Assert.False((await StepAsync(delivery, "first")).Duplicate);
        Assert.True((await StepAsync(delivery, "second")).Duplicate);
        stream.Ack(delivery.Token);

        Assert.Equal("first", await Run.ReadAsync("k"));
        var follower = await inbox.NextAsync();
        Assert.Equal("2", Inbox.Text(follower));
        stream.Ack(follower.Token);
        await RetryQueueIsEmptyAsync("k");
        Assert.Equal(2, (await LaneAsync("k")).Consumed);
    }

    [Fact]
    public async Task Thousands_behind_one_failing_message_fill_neither_memory_nor_the_way_of_others()
    {
        const int Followers = 5 * ReadAhead.MaxMessages;
        var inbox = new Inbox();
        await using var stream = Attach(Retried(TimeSpan.FromMinutes(10)), inbox);
        await PublishAsync("bad", "bad");
        stream.Nack((await inbox.NextAsync()).Token);
        var padding = new string('x', 2000);
        for (var i = 0; i < Followers; i += 64)
        {
            await Task.WhenAll(Enumerable.Range(i, 64).Select(_ => PublishAsync("bad", padding)));
        }
        await PublishAsync(KeyBeside("bad"), "good");

        var good = await inbox.NextAsync(30);
        Assert.Equal("good", Inbox.Text(good));
        stream.Ack(good.Token);
        await QueuedAsync("bad", Followers + 1);
        await StreamIsTrimmedAsync("bad");
    }

    [Fact]
    public async Task An_expired_message_is_counted_as_expired_even_while_it_is_queued()
    {
        var inbox = new Inbox();
        await using var stream = Attach(Retried(TimeSpan.FromSeconds(2)), inbox);
        await Run.PublishAsync("t", "short", ("partitionKey", "k"), ("ttlInSeconds", "1"));
        stream.Nack((await inbox.NextAsync()).Token);
        await PublishAsync("k", "next");

        var next = await inbox.NextAsync();
        Assert.Equal("next", Inbox.Text(next));
        stream.Ack(next.Token);
        await RetryQueueIsEmptyAsync("k");
        var lane = await LaneAsync("k");
        Assert.Equal((1, 1), (lane.Consumed, lane.Expired));
    }

    [Fact]
    public async Task A_queued_message_is_delivered_after_a_restart_of_Redis_and_only_once()
    {
        var inbox = new Inbox();
        await using var stream = Attach(Retried(TimeSpan.FromSeconds(1)), inbox);
        await PublishAsync("k", "0", "1", "2");
        stream.Nack((await inbox.NextAsync()).Token);
        await Eventually.TrueAsync(
            async () => await Redis.CliAsync("ZCARD", Key("k", "q:g:t")) != "0",
            TimeSpan.FromSeconds(5),
            "the message was not queued"
        );

        await Redis.RestartAsync();

        for (var i = 0; i < 3; i++)
        {
            var delivery = await inbox.NextAsync(20);
            Assert.Equal($"{i}", Inbox.Text(delivery));
            stream.Ack(delivery.Token);
        }
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromMilliseconds(500)), "a message was delivered twice");
        await RetryQueueIsEmptyAsync("k");
    }

    [Theory]
    [InlineData(nameof(Order.Key))]
    [InlineData(nameof(Order.Partition))]
    public async Task Order_holds_through_many_failures_with_everything_queued(string order)
    {
        var options = Soon with
        {
            Order = Enum.Parse<Order>(order),
            RetryDelay = TimeSpan.FromMilliseconds(1),
            MaxRetryDelay = TimeSpan.FromMilliseconds(20),
        };
        var inbox = new Inbox();
        await using var stream = Attach(options, inbox);
        for (var i = 0; i < 150; i++)
        {
            await PublishAsync(i % 2 == 0 ? "k" : KeyBeside("k"), i.ToString(CultureInfo.InvariantCulture));
        }

        var (random, seen) = (new Random(5), new List<int>());
        while (seen.Count < 150)
        {
            var delivery = await inbox.NextAsync();
            if (random.Next(3) == 0)
            {
                stream.Nack(delivery.Token);
                continue;
            }
            seen.Add(int.Parse(Inbox.Text(delivery), CultureInfo.InvariantCulture));
            stream.Ack(delivery.Token);
        }

        foreach (var remainder in new[] { 0, 1 })
        {
            var key = seen.Where(i => i % 2 == remainder).ToArray();
            Assert.Equal(key.Order(), key);
        }
        if (options.Order == Order.Partition)
        {
            Assert.Equal(seen.Order(), seen);
        }

        await RetryQueueIsEmptyAsync("k");
    }

    private ValueTask<StepResult> StepAsync(Delivery delivery, string value)
    {
        StateOperation[] writes = [new(StateChange.Upsert, new StateKey("k")) { Value = Encoding.UTF8.GetBytes(value) }];
        return Run.StepExecutor.TransactAsync(writes, new Dictionary<string, string> { ["darq.token"] = delivery.Token }, default);
    }

    /// <summary>Another key in the same partition.</summary>
    private static string KeyBeside(string key) =>
        Enumerable.Range(0, 10_000).Select(i => $"other{i}").First(other => PartitionHash.Of(other, 64) == PartitionHash.Of(key, 64));
}

public sealed class RetryTestsOnRedis() : RetryTests(valkey: false);

[Trait("Lane", "Slow")]
public sealed class RetryTestsOnValkey() : RetryTests(valkey: true);

using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A message that failed too often, or killed its handlers, moves to a topic of its own, once.</summary>
public abstract class DeadLetterTests(bool valkey) : RetryQueueTests(valkey)
{
    [Fact]
    public async Task After_so_many_failures_a_message_is_a_dead_letter_and_its_key_goes_on()
    {
        var (inbox, graveyard) = (new Inbox(), new Inbox());
        await using var stream = Attach(Soon with { MaxDeliveries = 3 }, inbox);
        await Run.PublishAsync("t", """{"m":1}""", ("partitionKey", "k"), ("darq.id", "poison"), ("tenant", "a"));
        await Run.PublishAsync("t", """{"m":2}""", ("partitionKey", "k"));
        for (var i = 0; i < 3; i++)
        {
            stream.Nack((await inbox.NextAsync()).Token);
        }

        var next = await inbox.NextAsync();
        Assert.Contains("\"m\":2", Inbox.Text(next), StringComparison.Ordinal);
        stream.Ack(next.Token);

        // Nobody had subscribed to it so far, and it was kept.
        await using var dead = Run.Subscriptions.Attach("undertaker", "t.g.dead", new(), graveyard);
        var letter = await graveyard.NextAsync();

        Assert.Contains("\"m\":1", Inbox.Text(letter), StringComparison.Ordinal);
        Assert.Equal(
            ("deliveries failed", "g", "t", "3", "poison", "a", $"{PartitionHash.Of("k", 64)}"),
            (
                Inbox.Header(letter, "darq-dead-reason"),
                Inbox.Header(letter, "darq-dead-group"),
                Inbox.Header(letter, "darq-dead-topic"),
                Inbox.Header(letter, "darq-dead-failures"),
                Inbox.Header(letter, "darq-dead-id"),
                Inbox.Header(letter, "tenant"),
                Inbox.Header(letter, "darq-partition")
            )
        );
        Assert.EndsWith(".dead", Inbox.Header(letter, "darq-id"), StringComparison.Ordinal);
        dead.Ack(letter.Token);
        Assert.True(await graveyard.StaysEmptyAsync(TimeSpan.FromMilliseconds(500)), "a message died twice");
        await RetryQueueIsEmptyAsync("k");
        var lane = await LaneAsync("k");
        Assert.Equal((1, 1), (lane.Consumed, lane.Dead));
    }

    [Theory]
    [InlineData("grave")]
    [InlineData(null)]
    public async Task Dead_letters_are_read_under_the_settings_of_their_topic_and_stay_there(string? deadLetterTopic)
    {
        var (inbox, graveyard) = (new Inbox(), new Inbox());
        var options = Soon with { MaxDeliveries = 1, DeadLetterTopic = deadLetterTopic };
        await using var stream = Attach(options, inbox);
        await using var dead = Run.Subscriptions.Attach("g", deadLetterTopic ?? "t.g.dead", options, graveyard);
        await PublishAsync("k", "1");
        stream.Nack((await inbox.NextAsync()).Token);

        dead.Nack((await graveyard.NextAsync()).Token);

        var again = await graveyard.NextAsync();
        Assert.Equal("2", Inbox.Header(again, "darq-attempt"));
        dead.Ack(again.Token);
    }

    [Fact]
    public async Task A_full_dead_letter_topic_leaves_a_message_queued_until_there_is_room()
    {
        var inbox = new Inbox();
        await using var stream = Attach(Soon with { MaxDeliveries = 1, DeadLetterTopic = "grave", MaxBacklog = 1 }, inbox);
        for (var i = 1; i <= 2; i++)
        {
            await PublishAsync("k", $"{i}");
            stream.Nack((await inbox.NextAsync()).Token);
            await Eventually.TrueAsync(
                async () => await Redis.CliAsync("XLEN", Key("k", "t:grave")) == "1",
                TimeSpan.FromSeconds(5),
                "the first message is a dead letter"
            );
            await QueuedAsync("k", i - 1);
        }
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(1)), "a message that was given up was delivered");

        var graveyard = new Inbox();
        await using var dead = Run.Subscriptions.Attach("undertaker", "grave", new(), graveyard);
        for (var i = 1; i <= 2; i++)
        {
            var letter = await graveyard.NextAsync();
            Assert.Equal($"{i}", Inbox.Text(letter));
            dead.Ack(letter.Token);
        }
        await RetryQueueIsEmptyAsync("k");
    }

    [Fact]
    public async Task A_message_that_killed_its_handlers_while_it_was_alone_is_not_delivered_again()
    {
        var (before, after, graveyard) = (new Inbox(), new Inbox(), new Inbox());
        var options = Soon with { MaxDeliveries = 3 };
        _ = Attach(options, before);
        await PublishAsync("k", "1", "2");
        Assert.Equal("1", Inbox.Text(await before.NextAsync()));
        // As two holders before this one left it.
        var numbers = await Redis.CliAsync("HGET", Header("k"), "l:g:t");
        await Redis.CliAsync("HSET", Header("k"), "l:g:t", numbers[..numbers.LastIndexOf(' ')] + " 1:2");
        await using var other = await EngineRun.StartAsync(Redis.Port);
        await using var stream = other.Subscriptions.Attach("g", "t", options, after);

        await Run.Primary.DisposeAsync(); // dies as well, without a goodbye
        var next = await after.NextAsync(30);
        Assert.Equal("2", Inbox.Text(next));
        stream.Ack(next.Token);

        await using var dead = other.Subscriptions.Attach("undertaker", "t.g.dead", new(), graveyard);
        var letter = await graveyard.NextAsync();
        Assert.Equal(
            ("1", "killed its handler", "3"),
            (Inbox.Text(letter), Inbox.Header(letter, "darq-dead-reason"), Inbox.Header(letter, "darq-dead-failures"))
        );
        dead.Ack(letter.Token);
    }
}

public sealed class DeadLetterTestsOnRedis() : DeadLetterTests(valkey: false);

[Trait("Lane", "Slow")]
public sealed class DeadLetterTestsOnValkey() : DeadLetterTests(valkey: true);

using Darq.Engine.Subscriptions;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>The wall clock of a process is wrong, or is set while it runs. Redis' own goes right.</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan BackByTenMinutes = TimeSpan.FromMinutes(-10);

    [Fact]
    public void Message_lives_until_Redis_says_it_has_expired_though_the_clock_here_is_ahead()
    {
        using var world = new World();
        var engine = world.Start();
        engine.Clock.Step(TimeSpan.FromMinutes(2));
        var inbox = new Inbox();
        engine.Attach("t", inbox);

        engine.Publish("t", "1", ("ttlInSeconds", "60"));

        world.Await(() => inbox.Count == 1, 10, "a live message is delivered");
    }

    [Fact]
    public void Message_is_expired_once_Redis_says_so_though_the_clock_here_is_behind()
    {
        using var world = new World();
        var engine = world.Start();
        engine.Clock.Step(TimeSpan.FromMinutes(-2));
        // While the first of its key is out, the second waits here until it has expired.
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox);
        engine.Publish("t", "1", ("partitionKey", "k"));
        engine.Publish("t", "2", ("partitionKey", "k"), ("ttlInSeconds", "1"));
        engine.Publish("t", "3", ("partitionKey", "k"));
        world.Run(seconds: 5);
        Assert.Equal(["1"], inbox.Texts);
        inbox.Acknowledges = true;

        engine.Do(() => stream.Ack(inbox.Last.Token));

        world.Await(() => inbox.Texts.Contains("3"), 10, "the message behind it is delivered");
        Assert.False(inbox.Texts.Contains("2"), "An expired message was delivered.");
    }

    [Fact]
    public void Retry_comes_in_its_time_though_the_clock_is_set_back() =>
        FailedMessageComesAgain(new() { RetryDelay = TimeSpan.FromMilliseconds(500) });

    [Fact]
    public void Queued_message_comes_in_its_time_though_the_clock_is_set_back() =>
        FailedMessageComesAgain(new() { RetryDelay = TimeSpan.FromSeconds(2), RetryQueueAfter = TimeSpan.FromSeconds(1) });

    [Fact]
    public void Append_whose_wake_up_was_lost_is_found_within_seconds_though_the_clock_is_set_back()
    {
        using var world = new World();
        var (reader, publisher) = (world.Start(), world.Start());
        var inbox = new Inbox();
        reader.Attach("t", inbox);
        world.Run(seconds: 3);
        reader.Redis.IsDeaf = true;

        reader.Clock.Step(BackByTenMinutes);
        world.Run(seconds: 3);
        publisher.Publish("t", "1");

        world.Await(() => inbox.Count == 1, 5, "a message without a wake-up is delivered");
    }

    private static void FailedMessageComesAgain(SubscriptionOptions options)
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox, options);
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");

        engine.Do(() => stream.Nack(inbox.Last.Token));
        world.Run(seconds: 0.2);
        engine.Clock.Step(BackByTenMinutes);

        world.Await(() => inbox.Count == 2, 10, "a failed message is delivered again");
    }
}

using Darq.Engine.Subscriptions;
using Darq.Tests.Shared;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>Who delivers from a lane after an outage, a recovery, or a step of Redis' clock.</summary>
public sealed class LaneOwnerTests
{
    private const double LongerThanIdleLife = 120;

    public static TheoryData<int> Phases => [.. Enumerable.Range(0, 10)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lane_whose_release_Redis_lost_goes_to_another_though_its_subscription_was_closed(bool isReplaced)
    {
        using var world = new World();
        var (closed, other) = (world.Start(), world.Start());
        var session = closed.Session;
        var before = OwnAndClose(world, closed);
        if (isReplaced)
        {
            // Answered and lost: the session has a gap.
            Assert.Equal("OK", closed.Publish("u", "1"));
        }

        var inbox = new Inbox();

        world.LoseSince(before);
        world.Run(seconds: 1);
        Assert.Equal(isReplaced, session != closed.Session);
        other.Attach("t", inbox);
        other.Publish("t", "1");

        world.Await(() => inbox.Count == 1, 2, "the message is delivered by the process that takes the topic");
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public void Lane_whose_release_Redis_lost_goes_to_another_though_its_subscription_was_closed_and_opened_again(int phase)
    {
        var options = World.OnePartition with { Partitions = 8 };
        using var world = new World(phase + 1);
        var (first, second, publisher) = (world.Start(options), world.Start(options), world.Start(options));
        var before = OwnAndClose(world, first, options.Partitions);
        var inboxes = new[]
        {
            new Inbox { Acknowledges = true },
            new Inbox { Acknowledges = true },
        };
        second.Attach("t", inboxes[0]);
        world.Await(() => OwnedBy(world, second, options.Partitions) == options.Partitions, 10, "the second owns all");
        first.Attach("t", inboxes[1]);
        world.Await(() => OwnedBy(world, first, options.Partitions) > 0, 10, "the first owns some again");
        world.Run(seconds: 3);

        world.LoseSince(before);
        world.Run(seconds: 3);
        for (var i = 0; i < 100; i++)
        {
            publisher.Publish("t", $"{i}", ("partitionKey", $"{i}"));
        }

        world.Await(() => inboxes.Sum(inbox => inbox.Count) == 100, 10, "the messages of all lanes are delivered");
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public void Live_owner_keeps_its_lane_though_another_process_starts_during_an_outage(int phase)
    {
        using var world = new World(phase + 1);
        var (owner, inbox) = (world.Start(), new Inbox());
        Deliver(world, owner, inbox);

        world.Server.Stop();
        world.Run(8 + 0.2 * phase);
        var (other, otherInbox) = (world.Begin(), new Inbox());
        other.Attach("t", otherInbox);
        world.Run(seconds: 0.3);
        world.Server.Restart();
        world.Run(seconds: 10);

        Assert.Equal((1, 0), (inbox.Count, otherInbox.Count));
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public void Live_owner_keeps_its_lane_though_another_reaches_Redis_before_it_after_an_outage(int phase)
    {
        using var world = new World(phase + 1);
        var (owner, other) = (world.Start(), world.Start());
        var (inbox, otherInbox) = (new Inbox(), new Inbox());
        Deliver(world, owner, inbox);
        other.Attach("t", otherInbox);
        world.Run(seconds: 3);

        // The owner tries once more in vain, and then pauses for as long as it ever does.
        world.Server.Stop();
        world.Run(5 + 0.2 * phase);
        owner.Redis.IsAway = true;
        world.Server.Restart();
        world.Run(seconds: 2.2);
        owner.Redis.IsAway = false;
        world.Run(seconds: 10);

        Assert.Equal((1, 0), (inbox.Count, otherInbox.Count));
    }

    [Fact]
    public void Lane_of_a_dead_owner_is_taken_over_by_a_process_that_starts_later_within_three_seconds()
    {
        using var world = new World();
        var owner = world.Start();
        Deliver(world, owner, new Inbox());
        world.Run(seconds: 30);
        owner.Redis.IsAway = true;
        world.Run(seconds: 1);
        var (other, inbox) = (world.Start(), new Inbox());

        other.Attach("t", inbox);

        world.Await(() => inbox.Count == 1, 3, "the message of the dead owner is delivered again");
    }

    [Fact]
    public void Lane_of_an_owner_that_dies_after_it_came_back_from_an_outage_is_taken_over_within_three_seconds()
    {
        using var world = new World();
        var (owner, other, inbox) = (world.Start(), world.Start(), new Inbox());
        Deliver(world, owner, new Inbox());
        other.Attach("t", inbox);
        world.Run(seconds: 3);
        world.Server.Stop();
        world.Server.Restart();
        world.Run(seconds: 1.5);

        owner.Redis.IsAway = true;

        world.Await(() => inbox.Count == 1, 3, "the message of the dead owner is delivered again");
    }

    [Fact]
    public void Lane_of_a_dead_owner_is_taken_over_though_the_clock_of_Redis_is_set_back()
    {
        using var world = new World();
        var (owner, other, inbox) = (world.Start(), world.Start(), new Inbox());
        Deliver(world, owner, new Inbox());
        other.Attach("t", inbox);
        world.Run(seconds: 30);

        owner.Redis.IsAway = true;
        world.RedisAhead = TimeSpan.FromMinutes(-10);

        world.Await(() => inbox.Count == 1, 10, "the message of the dead owner is delivered again");
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public void Live_owner_keeps_its_lane_though_the_clock_of_Redis_is_set_forward(int phase)
    {
        using var world = new World(phase + 1);
        var (owner, other) = (world.Start(), world.Start());
        var (inbox, otherInbox) = (new Inbox(), new Inbox());
        Deliver(world, owner, inbox);
        // They write their heartbeats at different times.
        world.Run(3 + 0.05 * phase);
        other.Attach("t", otherInbox);
        world.Run(30 + 0.13 * phase);

        world.RedisAhead = TimeSpan.FromMinutes(10);
        world.Run(seconds: 10);

        Assert.Equal((1, 0), (inbox.Count, otherInbox.Count));
    }

    [Fact]
    public void Queued_message_of_a_dead_owner_comes_in_its_time_though_the_clock_of_Redis_is_set_back()
    {
        using var world = new World();
        var options = new SubscriptionOptions
        {
            RetryDelay = TimeSpan.FromSeconds(20),
            MaxRetryDelay = TimeSpan.FromSeconds(20),
            RetryQueueAfter = TimeSpan.FromSeconds(1),
        };
        var (owner, inbox) = (world.Start(), new Inbox());
        Deliver(world, owner, inbox, options);
        owner.Do(() => inbox.Stream!.Nack(inbox.Last.Token));
        world.Await(() => world.Cli("ZCARD", World.Tag() + ":q:g:t") == "1", 5, "the message is in the retry queue");
        world.Run(seconds: 1);

        owner.Redis.IsAway = true;
        world.RedisAhead = TimeSpan.FromMinutes(-10);
        var (other, otherInbox) = (world.Start(), new Inbox());
        other.Attach("t", otherInbox, options);

        world.Await(() => otherInbox.Count == 1, 40, "the message is delivered again");
    }

    [Fact]
    public void Log_says_once_that_a_live_process_keeps_a_lane_whose_topic_it_takes_no_more()
    {
        using var world = new World();
        var log = new RecordedLog();
        var (owner, inbox) = (world.Start(), new Inbox());
        Deliver(world, owner, inbox, new() { ProcessingTimeout = TimeSpan.Zero });

        owner.Do(inbox.Stream!.Pause);
        world.Start(log: log).Attach("t", new Inbox());
        world.Run(seconds: 55);
        Assert.DoesNotContain(log.Lines, line => line.Name == "LanesAreWithheld");
        world.Run(seconds: 120);

        Assert.Single(log.Lines, line => line.Name == "LanesAreWithheld" && line.Text.Contains(owner.Session, StringComparison.Ordinal));
    }

    /// <summary>Owns all lanes of the topic, releases them and closes the subscription; what was journaled when it owned them.</summary>
    private static int OwnAndClose(World world, SimulatedEngine engine, int partitions = 1)
    {
        var inbox = new Inbox();
        engine.Attach("t", inbox);
        world.Await(() => OwnedBy(world, engine, partitions) == partitions, 5, "all lanes are owned");
        var before = world.Server.JournaledCalls;
        Close(engine, inbox);
        world.Run(LongerThanIdleLife);
        Assert.Equal(0, Reachable.Count<Subscription>(engine.Subscriptions));
        return before;
    }

    /// <summary>Delivers a message, which is not answered.</summary>
    private static void Deliver(World world, SimulatedEngine engine, Inbox inbox, SubscriptionOptions? options = null)
    {
        engine.Attach("t", inbox, options);
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
    }

    private static void Close(SimulatedEngine engine, Inbox inbox) =>
        engine.Ask(async () =>
        {
            await inbox.Stream!.DisposeAsync();
            return true;
        });

    private static int OwnedBy(World world, SimulatedEngine engine, int partitions = 1) =>
        Enumerable
            .Range(0, partitions)
            .Count(partition =>
                world.Cli("HGET", World.Tag(partition, partitions) + ":m", "l:g:t").StartsWith(engine.Session, StringComparison.Ordinal)
            );
}

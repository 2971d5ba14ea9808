using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Retries;
using Darq.Tests.Shared;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>A process that lives on while Redis dies again and again, or while its streams come and go.</summary>
public sealed class LivingOnTests
{
    [Fact]
    public void Deaths_of_Redis_are_not_held_against_the_message_that_was_out()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox, new() { MaxDeliveries = 4, RetryDelay = TimeSpan.FromMilliseconds(10) });
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        for (var death = 0; death < 5; death++)
        {
            LoseSession(world, engine);
        }

        engine.Do(() => stream.Nack(inbox.Last.Token));

        world.Await(() => inbox.Count == 2, 30, "the message is delivered again after one failure");
    }

    [Fact]
    public void Topics_whose_streams_were_closed_keep_a_process_busy_no_longer()
    {
        using var world = new World();
        var engine = world.Start();
        OpenAndClose(engine, "first");
        var before = EventsInAMinute(world);
        for (var i = 0; i < 30; i++)
        {
            OpenAndClose(engine, $"topic{i}");
        }

        var after = EventsInAMinute(world);

        Assert.True(after < 2 * before, $"{before} events a minute with one topic that was closed, {after} with thirty more.");
        Assert.Equal(0, Reachable.Count<Subscription>(engine.Subscriptions));
        Assert.Equal(0, Reachable.Count<Subscription>(engine.Primary));
    }

    [Fact]
    public void A_topic_whose_subscription_was_closed_is_delivered_when_it_is_opened_again()
    {
        using var world = new World();
        var engine = world.Start();
        OpenAndClose(engine, "t");
        world.Run(seconds: 300);
        engine.Publish("t", "1");
        var inbox = new Inbox();

        var stream = engine.Attach("t", inbox);

        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        var token = inbox.Last.Token;
        engine.Do(() => stream.Ack(token));
        world.Run(seconds: 300);
        Assert.Equal(1, inbox.Count);
        Assert.Equal(1, Reachable.Count<Subscription>(engine.Subscriptions));
    }

    [Fact]
    public void Lanes_that_are_lost_leave_nothing_of_their_queued_messages_behind()
    {
        const int Queued = 20;
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var anHour = TimeSpan.FromHours(1);
        var stream = engine.Attach(
            "t",
            inbox,
            new()
            {
                Concurrent = true,
                RetryDelay = anHour,
                MaxRetryDelay = anHour,
            }
        );
        for (var i = 0; i < Queued; i++)
        {
            engine.Publish("t", $"{i}");
            world.Await(() => inbox.Count == i + 1, 5, $"message {i} is delivered");
            engine.Do(() => stream.Nack(inbox.Last.Token));
        }
        world.Await(() => world.Cli("ZCARD", World.Tag() + ":q:g:t") == $"{Queued}", 5, "all are in the retry queue");

        for (var loss = 0; loss < 5; loss++)
        {
            LoseSession(world, engine);
        }

        var sequences = Reachable.Count<RetrySequence>(engine.Subscriptions);
        Assert.True(sequences >= Queued, $"Only {sequences} sequences are known of {Queued} queued messages.");
        Assert.True(sequences == Queued, $"{sequences} sequences are kept for {Queued} queued messages.");
    }

    [Fact]
    public void Step_of_a_handler_that_outlived_its_subscription_does_not_consume_the_message_that_has_its_number_now()
    {
        using var world = new World();
        var (engine, publishers) = (world.Start(), new[] { world.Start(), world.Start() });
        var (inbox, later) = (new Inbox(), new Inbox());
        var stream = engine.Attach("t", inbox);
        world.Await(() => world.Cli("HGET", World.Tag() + ":m", "l:g:t").Length > 0, 5, "the lane is owned");
        var (before, session) = (world.Server.JournaledCalls, engine.Session);
        publishers[0].Publish("t", "lost");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        Close(engine, stream);
        world.Run(seconds: 120);

        world.LoseSince(before);
        world.Run(seconds: 3);
        publishers[1].Publish("t", "other");
        engine.Attach("t", later);
        world.Await(() => later.Count == 1, 10, "the other message is delivered");
        Assert.Equal((session, inbox.Last.Message.StreamId.Number), (engine.Session, later.Last.Message.StreamId.Number));

        Assert.NotEqual("OK", engine.Step("k", "v", inbox.Last.Token.ToString()));
        Assert.Equal("OK", engine.Step("k", "v", later.Last.Token.ToString()));
    }

    [Fact]
    public void Log_does_not_say_that_a_loop_works_again_while_Redis_is_away()
    {
        using var world = new World();
        var log = new RecordedLog();
        var (engine, inbox) = (world.Start(log: log), new Inbox());
        engine.Attach("t", inbox);
        engine.Publish("t", "1");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        world.Run(seconds: 3);

        engine.Redis.IsAway = true;
        world.Run(seconds: 20);

        Assert.DoesNotContain(log.Lines, line => line.Name == "LoopRecovered");
        Assert.Single(log.Lines, line => line.Name == "LoopRoundFailed" && line.Text.Contains("rebalance", StringComparison.Ordinal));
    }

    /// <summary>Redis dies and loses a batch that it had answered: its number is missing, and the process needs a new session.</summary>
    private static void LoseSession(World world, SimulatedEngine engine)
    {
        var session = engine.Session;
        var before = world.Server.JournaledCalls;
        Assert.Equal("OK", engine.Write("lost", "1"));
        world.LoseSince(before);
        world.Run(seconds: 1);
        Assert.Equal("OK", engine.Write("kept", "1"));
        // The older session goes silent, and what it held is claimed.
        world.Run(seconds: 10);
        Assert.NotEqual(session, engine.Session);
    }

    private static void OpenAndClose(SimulatedEngine engine, string topic) => Close(engine, engine.Attach(topic, new Inbox()));

    private static void Close(SimulatedEngine engine, DeliveryStream stream) =>
        engine.Ask(async () =>
        {
            await stream.DisposeAsync();
            return true;
        });

    /// <summary>How much happens in the process while it has nothing to do, once it had time to tidy up.</summary>
    private static long EventsInAMinute(World world)
    {
        world.Run(seconds: 300);
        var before = world.Loop.Steps;
        world.Run(seconds: 60);
        return world.Loop.Steps - before;
    }
}

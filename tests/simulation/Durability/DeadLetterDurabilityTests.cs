using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>What messages that were not processed may show before they are durable, and what is known of them after a recovery.</summary>
public sealed class DeadLetterDurabilityTests : UnconfirmedWorld
{
    private readonly Inbox _inbox = new();

    public DeadLetterDurabilityTests() => Follow(true);

    [Fact]
    public void A_dead_letter_is_shown_only_when_durable()
    {
        var engine = Start();
        var dead = new Inbox();
        var stream = engine.Attach("t", _inbox, new() { MaxDeliveries = 1, DeadLetterTopic = "dead" });
        engine.Attach("dead", dead);
        World.Run(seconds: 3);
        Assert.Equal("OK", engine.Publish("t", "1"));
        World.Await(() => _inbox.Count == 1, 5, "the message is delivered");

        Follow(false);
        engine.Do(() => stream.Nack(_inbox.Last.Token));
        World.Run(seconds: 3);
        Assert.Equal("1", World.Cli("XLEN", World.Tag() + ":t:dead"));
        Assert.Equal(0, dead.Count);
        Follow(true);

        World.Await(() => dead.Count == 1, 5, "the dead letter is shown once it is durable");
    }

    [Fact]
    public void The_sidecars_dead_letter_that_survived_a_recovery_is_answered()
    {
        var engine = Start();
        var outcome = DeadLetter(engine, out _);

        World.LoseSince(World.Server.JournaledCalls);
        Follow(true);

        World.Await(() => outcome.Count == 1, 20, "it is answered");
        Assert.Equal("OK", outcome[0]);
        Assert.Equal("1", World.Cli("XLEN", World.Tag() + ":t:dead"));
    }

    [Fact]
    public void The_sidecars_dead_letter_that_a_recovery_lost_is_refused()
    {
        var engine = Start();
        var outcome = DeadLetter(engine, out var before);

        World.LoseSince(before);
        Follow(true);

        World.Await(() => outcome.Count == 1, 20, "it is answered");
        Assert.StartsWith("UNAVAILABLE", outcome[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_of_the_retry_queue_that_an_app_was_given_is_missed_when_Redis_loses_it()
    {
        var former = Start();
        var options = new SubscriptionOptions
        {
            ReleaseAt = ReleaseAt.Applied,
            RetryDelay = TimeSpan.FromSeconds(20),
            RetryQueueAfter = TimeSpan.Zero,
        };
        var stream = former.Attach("t", _inbox, options);
        Follow(false);
        former.Publish("t", "1");
        World.Await(() => _inbox.Count == 1, 5, "the message is delivered");
        former.Do(() => stream.Nack(_inbox.Last.Token));
        World.Await(() => World.Cli("ZCARD", World.Tag() + ":q:g:t") == "1", 5, "it is in the retry queue");
        former.Do(stream.Close);
        var engine = Start();
        var inbox = new Inbox();
        engine.Attach("t", inbox, options);

        World.Await(() => inbox.Count == 1, 60, "another process delivers it");

        Assert.True(engine.Primary.Applied.Snapshot()[0] >= inbox.Last.Message.Position, "the process does not know what it has shown");
    }

    /// <summary>A message is delivered, and its sidecar's dead letter applied and not durable; the list gets its outcome.</summary>
    private List<string> DeadLetter(SimulatedEngine engine, out int before)
    {
        var options = new SubscriptionOptions { Concurrent = true, RequireStep = true };
        engine.Attach("t", _inbox, options);
        Assert.Equal("OK", engine.Publish("t", "1"));
        World.Await(() => _inbox.Count == 1, 5, "the message is delivered");
        World.Run(seconds: 1);
        Follow(false);
        before = World.Server.JournaledCalls;
        List<string> outcome = [];
        engine.Do(() => _ = MoveAsync(engine, new(_inbox.Last, options), outcome));
        World.Await(() => World.Cli("XLEN", World.Tag() + ":t:dead") == "1", 5, "it is moved");
        // The process has the reply by then, and waits for a confirmation.
        World.Run(seconds: 0.5);
        return outcome;
    }

    private static async Task MoveAsync(SimulatedEngine engine, Outstanding outstanding, List<string> outcome)
    {
        Assert.True(DeliveryToken.TryParse(outstanding.Delivery.Token, out var token));
        try
        {
            var deadLetters = new SidecarDeadLetters(engine.Primary, engine.Subscriptions, engine.Clock);
            await deadLetters.MoveAsync(token, outstanding, "dead", default);
            outcome.Add("OK");
        }
        catch (DarqException refused)
        {
            outcome.Add(refused.Message);
        }
    }
}

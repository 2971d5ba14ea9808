using System.Text;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Reading;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>Reading a stream while this process appends to it.</summary>
public sealed class ReadingTests
{
    [Fact]
    public void Message_that_is_appended_here_while_a_read_is_under_way_is_delivered_at_once()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        engine.Attach("t", inbox, new() { Concurrent = true, MaxInFlight = 2 * ReadAhead.MaxMessages });
        world.Run(seconds: 3);
        FillHand(engine);
        world.Await(() => inbox.Count == ReadAhead.MaxMessages, 5, "all that may be in hand is delivered");
        var longest = TimeSpan.Zero;

        // The safety net looks once a second; at several moments between two looks, so that it does not help out by chance.
        for (var i = 0; i < 5; i++)
        {
            var took = AppendWhileReading(world, engine, inbox, i);
            longest = took > longest ? took : longest;
            world.Run(seconds: 1.23);
        }

        Assert.True(longest < TimeSpan.FromSeconds(0.1), $"A message came only after {longest.TotalSeconds:0.00} s.");
    }

    private static void FillHand(SimulatedEngine engine)
    {
        var texts = Enumerable.Range(0, ReadAhead.MaxMessages).Select(i => $"in hand {i}");
        var noMetadata = new Dictionary<string, string>();
        PublishEntry[] entries = [.. texts.Select(text => new PublishEntry(Encoding.UTF8.GetBytes(text), noMetadata))];
        Assert.Equal("OK", engine.OutcomeOf(async () => await engine.Publisher.PublishAsync("t", entries, default)));
    }

    /// <summary>How long a message took that was appended while an earlier one, for which there had been no room, was being read.</summary>
    private static TimeSpan AppendWhileReading(World world, SimulatedEngine engine, Inbox inbox, int round)
    {
        Assert.Equal("OK", engine.Publish("t", $"no room {round}"));
        engine.Redis.HoldReads();
        foreach (var answered in new[] { 2 * round, 2 * round + 1 })
        {
            engine.Do(() => inbox.Stream!.Ack(inbox.Find($"in hand {answered}").Token));
        }

        world.Await(() => engine.Redis.HoldsARead, 5, "the first message is being read");
        Assert.Equal("OK", engine.Publish("t", $"appended {round}"));
        var appended = world.Loop.Now;
        engine.Do(engine.Redis.LetReadsGo);
        world.Await(() => inbox.Texts.Contains($"appended {round}"), 5, "the second message is delivered");
        return world.Loop.Now - appended;
    }
}

using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Requests;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>A publish that asks for it is answered when Redis has applied it, and no other.</summary>
public sealed class SpeculativePublishTests : UnconfirmedWorld
{
    private static readonly (string, string) Speculative = ("darq.ack", "speculative");
    private static readonly (string, string) Durable = ("darq.ack", "durable");

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public void A_publish_of_a_binding_says_whether_it_is_durable(string rawPayload)
    {
        var engine = Start();
        var binding = new BoundPublish(engine.Publisher, engine.StepExecutor, source: null);

        Assert.False(Publish("speculative"));
        Follow(true);
        Assert.True(Publish("durable"));

        bool? Publish(string ack)
        {
            var request = new Dictionary<string, string>
            {
                ["topic"] = "t",
                ["darq.ack"] = ack,
                ["rawPayload"] = rawPayload,
            };
            return engine.Ask(() => binding.PublishAsync("1"u8.ToArray(), request, default)).Durable;
        }
    }

    [Fact]
    public void A_speculative_publish_is_answered_when_it_is_applied()
    {
        var engine = Start();

        Assert.Equal("OK", engine.Publish("t", "1", Speculative));
        Assert.StartsWith("UNAVAILABLE", engine.Publish("t", "2"), StringComparison.Ordinal);
    }

    [Fact]
    public void One_durable_entry_makes_a_bulk_publish_durable()
    {
        var engine = Start(AckLevel.Speculative);

        Assert.Equal("OK", OutcomeOf(engine, Entry(), Entry(Speculative)));
        Assert.StartsWith("UNAVAILABLE", OutcomeOf(engine, Entry(), Entry(Durable)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_answered_says_whether_it_is_durable()
    {
        var engine = Start();
        var speculative = Publish(engine, Entry(("darq.id", "a"), Speculative));
        Follow(true);
        var durable = Publish(engine, Entry(("darq.id", "b")));
        Follow(false);
        var duplicate = Publish(engine, Entry(("darq.id", "a"), Speculative));

        Assert.Equal(((bool?)false, (bool?)true), (speculative.Messages[0].Durable, durable.Messages[0].Durable));
        Assert.Equal((true, (bool?)true), (duplicate.Messages[0].Duplicate, duplicate.Messages[0].Durable));
    }

    [Fact]
    public void A_retry_of_a_speculative_publish_that_was_lost_is_published_again()
    {
        var engine = Start();
        var (ofSidecar, entry) = (new UnansweredPublishes(), Entry(Speculative));
        var before = World.Server.JournaledCalls;
        var answer = Publish(engine, entry);
        World.LoseSince(before);
        World.Run(seconds: 3);
        // The call ends only now.
        engine.Do(() => engine.Publisher.Unheard("t", [entry], answer, ofSidecar));

        var again = engine.Ask(() => engine.Publisher.PublishAsync("t", [entry], ofSidecar, default));

        Assert.False(again.Messages[0].Duplicate, "the sidecar was told that a lost message is there");
        Assert.Equal("1", World.Cli("XLEN", World.Tag() + ":t:t"));
    }

    [Fact]
    public void A_retry_of_a_speculative_publish_that_is_there_is_answered_at_once()
    {
        var engine = Start();
        var (ofSidecar, entry) = (new UnansweredPublishes(), Entry(Speculative));
        var answer = Publish(engine, entry);
        engine.Do(() => engine.Publisher.Unheard("t", [entry], answer, ofSidecar));

        var again = engine.Ask(() => engine.Publisher.PublishAsync("t", [entry], ofSidecar, default));

        Assert.Equal((true, (bool?)false), (again.Messages[0].Duplicate, again.Messages[0].Durable));
    }

    [Fact]
    public void A_publish_that_says_durable_is_waited_for_where_the_component_says_speculative()
    {
        var engine = Start(AckLevel.Speculative);

        Assert.Equal("OK", engine.Publish("t", "1"));
        Assert.StartsWith("UNAVAILABLE", engine.Publish("t", "2", Durable), StringComparison.Ordinal);
    }

    private static PublishEntry Entry(params (string Name, string Value)[] metadata) =>
        new("1"u8.ToArray(), metadata.ToDictionary(pair => pair.Name, pair => pair.Value));

    private static PublishAnswer Publish(SimulatedEngine engine, PublishEntry entry) =>
        engine.Ask(() => engine.Publisher.PublishAsync("t", [entry], unanswered: null, default));

    private static string OutcomeOf(SimulatedEngine engine, params PublishEntry[] entries) =>
        engine.OutcomeOf(async () => await engine.Publisher.PublishAsync("t", entries, default));
}

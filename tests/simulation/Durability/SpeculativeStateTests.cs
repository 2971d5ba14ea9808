using System.Text;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>A read or write of state that asks for it is answered as Redis has it at the moment, and no other.</summary>
public sealed class SpeculativeStateTests : UnconfirmedWorld
{
    [Fact]
    public void A_speculative_write_is_taken_while_the_level_is_not_reached()
    {
        var engine = Start();
        Assert.StartsWith("UNAVAILABLE: Redis has applied", Write(engine, null), StringComparison.Ordinal);
        World.Run(seconds: 6);

        Assert.StartsWith("UNAVAILABLE: durability", Write(engine, null), StringComparison.Ordinal);
        Assert.Equal("OK", Write(engine, AckLevel.Speculative));
        Assert.Equal("OK", engine.Publish("t", "1", ("darq.ack", "speculative")));
    }

    [Fact]
    public void A_conflict_of_a_speculative_write_is_answered_at_once()
    {
        var engine = Start();
        Assert.Equal("OK", Write(engine, AckLevel.Speculative));

        Assert.StartsWith("CONFLICT", Write(engine, AckLevel.Speculative, firstWrite: true), StringComparison.Ordinal);
    }

    [Fact]
    public void An_eventual_read_shows_what_is_not_durable_and_notes_it()
    {
        var (writer, reader) = (Start(), Start());
        Assert.Equal("OK", Write(writer, AckLevel.Speculative));

        var value = Read(reader, AckLevel.Speculative);

        Assert.Equal(("1", (bool?)false), (Encoding.UTF8.GetString(value.Data.Span), value.Durable));
        Assert.Equal(Position.Parse(value.ETag), reader.Primary.Applied.Snapshot()[0]);
    }

    [Fact]
    public void A_strong_read_waits_although_the_component_says_speculative()
    {
        var engine = Start(AckLevel.Speculative);
        Assert.Equal("OK", Write(engine, null));

        Assert.Throws<DarqException>(() => Read(engine, AckLevel.Durable));
        Assert.Equal(false, Read(engine, null).Durable);
    }

    [Fact]
    public void A_write_that_says_durable_is_waited_for_where_the_component_says_speculative()
    {
        var engine = Start(AckLevel.Speculative);

        Assert.Equal("OK", Write(engine, null));
        Assert.StartsWith("UNAVAILABLE", Write(engine, AckLevel.Durable), StringComparison.Ordinal);
    }

    private static string Write(SimulatedEngine engine, AckLevel? ack, bool firstWrite = false)
    {
        var write = new StateOperation(StateChange.Upsert, new("k"))
        {
            Value = "1"u8.ToArray(),
            FirstWrite = firstWrite,
            Ack = ack,
        };
        return engine.OutcomeOf(() => engine.State.ApplyAsync(write, default));
    }

    private static StateValue Read(SimulatedEngine engine, AckLevel? ack)
    {
        DarqException? refused = null;
        var value = engine.Ask(async () =>
        {
            try
            {
                return (await engine.State.GetAsync([new("k")], ack, default))[0];
            }
            catch (DarqException fault)
            {
                refused = fault;
                return default;
            }
        });
        return refused is null ? value : throw refused;
    }
}

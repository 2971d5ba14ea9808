using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>A step or transaction that asks for it is answered when Redis has applied it, and no other.</summary>
public sealed class SpeculativeStepTests : UnconfirmedWorld
{
    private const string Step = """{"id":"s","state":[{"op":"upsert","key":"k","value":1}],"ack":"speculative"}""";

    private static readonly string DurableStep = Step.Replace("speculative", "durable", StringComparison.Ordinal);

    [Fact]
    public void A_speculative_step_is_answered_when_it_is_applied_and_so_is_its_repetition()
    {
        var engine = Start();

        Assert.Equal("OK", engine.Ask(() => engine.StepAsync(Step)));
        Assert.Equal("DUPLICATE", engine.Ask(() => engine.StepAsync(Step)));
        Assert.StartsWith("UNAVAILABLE", engine.Ask(() => engine.StepAsync(DurableStep)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_transaction_with_eventual_operations_is_answered_when_it_is_applied()
    {
        var engine = Start();

        Assert.Equal("OK", Transact(engine, AckLevel.Speculative, AckLevel.Speculative));
        Assert.StartsWith("UNAVAILABLE", Transact(engine, AckLevel.Speculative, null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_that_says_durable_is_waited_for_where_the_component_says_speculative()
    {
        var engine = Start(AckLevel.Speculative);

        Assert.Equal("OK", Transact(engine, null, null));
        Assert.StartsWith("UNAVAILABLE", Transact(engine, null, AckLevel.Durable), StringComparison.Ordinal);
        Assert.StartsWith("UNAVAILABLE", engine.Ask(() => engine.StepAsync(DurableStep)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_of_a_speculative_step_is_answered_at_once()
    {
        var engine = Start();
        const string Conflicting = """{"state":[{"op":"upsert","key":"k","value":1,"etag":"1-1"}],"ack":"speculative"}""";

        Assert.Equal("CONFLICT", engine.Ask(() => engine.StepAsync(Conflicting)));
    }

    private static string Transact(SimulatedEngine engine, params AckLevel?[] levels)
    {
        StateOperation[] operations =
        [
            .. levels.Select(level => new StateOperation(StateChange.Upsert, new("k")) { Value = "1"u8.ToArray(), Ack = level }),
        ];
        return engine.OutcomeOf(async () => await engine.StepExecutor.TransactAsync(operations, new Dictionary<string, string>(), default));
    }
}

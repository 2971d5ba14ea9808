using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Xunit;

namespace Darq.Tests.Unit.Steps;

/// <summary>When a state transaction wants to be answered: by its metadata, else by its operations together.</summary>
public sealed class TransactionAckTests
{
    [Theory]
    [InlineData(null, AckLevel.Speculative, AckLevel.Speculative, AckLevel.Speculative)]
    [InlineData(null, AckLevel.Speculative, AckLevel.Durable, AckLevel.Durable)]
    [InlineData(null, AckLevel.Speculative, null, null)]
    [InlineData("speculative", AckLevel.Durable, AckLevel.Durable, AckLevel.Speculative)]
    [InlineData("durable", AckLevel.Speculative, AckLevel.Speculative, AckLevel.Durable)]
    public void It_is_durable_where_one_of_its_operations_is(string? ack, object? first, object? second, object? whole)
    {
        var metadata = ack is null ? [] : new Dictionary<string, string> { ["darq.ack"] = ack };
        StateOperation[] operations = [.. new[] { first, second }.Select(level => Delete((AckLevel?)level))];

        Assert.Equal((AckLevel?)whole, TransactionStep.Of(operations, metadata, new()).Ack);
    }

    private static StateOperation Delete(AckLevel? ack) => new(StateChange.Delete, new("k")) { Ack = ack };
}

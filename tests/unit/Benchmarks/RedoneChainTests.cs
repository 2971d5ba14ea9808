using Darq.Benchmarks.Client;
using Darq.Benchmarks.Papers;
using Xunit;

namespace Darq.Tests.Unit.Benchmarks;

/// <summary>What counts as a correct output after a failover.</summary>
public sealed class RedoneChainTests
{
    [Theory]
    [InlineData("0 1 2 0 1 2", null)]
    [InlineData("0 0 1 2", null)]
    [InlineData("0 1 2", "nothing of a chain was lost")]
    [InlineData("0 0 2", "hop 2 of a chain came where 1 was to come")]
    [InlineData("0 0 1 2 3 3", "hop 3 of a chain came after its output")]
    [InlineData("0 0 1 2 3 1", "hop 1 of a chain came after its output")]
    public async Task A_chain_may_be_redone_but_leaves_nothing_out_and_ends_once(string hops, string? fault)
    {
        var chain = new RedoneChain(hops: 4, Task.CompletedTask);

        foreach (var hop in hops.Split(' ').Select(int.Parse))
        {
            await chain.ArrivedAsync(hop, now: 1);
        }

        Assert.Equal(fault, Record.Exception(chain.Check) is LoadFailedException failure ? failure.Message : null);
    }

    [Fact]
    public async Task An_output_has_the_time_of_its_delivery()
    {
        var chain = new RedoneChain(hops: 2, Task.CompletedTask);

        await chain.ArrivedAsync(0, now: 1);
        await chain.ArrivedAsync(1, now: 2);

        Assert.Equal(2, await chain.Output);
    }
}

using Darq.Benchmarks.Papers;
using Xunit;

namespace Darq.Tests.Unit.Benchmarks;

public sealed class PredictionTests
{
    private static readonly ChainPair[] Still = [Of(hop: 0.7, speculative: 0.4, durable: 0.9)];

    [Fact]
    public void Strict_chain_waits_at_every_hop_and_an_applied_one_at_the_last()
    {
        var prediction = Prediction.Of(Still, [Of(hop: 9, speculative: 0.4, durable: 10.4)]);

        Assert.Equal(new(HopMs: 0.7, WriteMs: 0, RoundMs: 10), prediction);
        Assert.Equal(107, prediction.StrictMs(10), tolerance: 1e-9);
        Assert.Equal(17, prediction.AppliedMs(10), tolerance: 1e-9);
    }

    [Fact]
    public void Where_the_write_itself_waits_for_the_flush_both_chains_take_as_long()
    {
        // As under fsync: an answer that is speculative comes no earlier than one that is durable.
        var prediction = Prediction.Of(Still, [Of(hop: 9, speculative: 5.4, durable: 5.4)]);

        Assert.Equal(57, prediction.StrictMs(10), tolerance: 1e-9);
        Assert.Equal(57, prediction.AppliedMs(10), tolerance: 1e-9);
    }

    [Fact]
    public void Noise_predicts_no_time_below_that_of_a_hop()
    {
        var prediction = Prediction.Of(Still, [Of(hop: 0.7, speculative: 0.3, durable: 0.2)]);

        Assert.Equal(7, prediction.StrictMs(10), tolerance: 1e-9);
        Assert.Equal(7, prediction.AppliedMs(10), tolerance: 1e-9);
    }

    private static ChainPair Of(double hop, double speculative, double durable) => new(0, 0, 0, 0, hop, speculative, durable);
}

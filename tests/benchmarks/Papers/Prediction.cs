using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Papers;

/// <summary>
/// How long a chain ought to take: strict, each hop waits until it is durable; applied, only the last one does. The hop is that of the
/// applied chains while no flush takes time; the other two were measured apart from any chain.
/// </summary>
/// <param name="HopMs">A hop that waits for nothing, while no flush takes time.</param>
/// <param name="WriteMs">By how much the flush time makes a publish dearer that waits for nothing.</param>
/// <param name="RoundMs">By how much a publish takes longer that is answered once it is durable.</param>
internal sealed record Prediction(double HopMs, double WriteMs, double RoundMs)
{
    /// <summary>Of the pairs at a flush time, and those without one.</summary>
    public static Prediction Of(IReadOnlyList<ChainPair> withoutFlush, IReadOnlyList<ChainPair> pairs)
    {
        var write = Statistics.Median(pairs.Select(pair => pair.SpeculativeMs));
        return new(
            Statistics.Median(withoutFlush.Select(pair => pair.HopMs)),
            Math.Max(0, write - Statistics.Median(withoutFlush.Select(pair => pair.SpeculativeMs))),
            Math.Max(0, Statistics.Median(pairs.Select(pair => pair.DurableMs)) - write)
        );
    }

    public double StrictMs(int hops) => hops * (HopMs + WriteMs + RoundMs);

    public double AppliedMs(int hops) => hops * (HopMs + WriteMs) + RoundMs;
}

namespace Darq.Benchmarks.Papers;

/// <summary>Rounds of both, one right after the other, and what was measured beside them.</summary>
/// <param name="StrictMs">Median of a round's chains.</param>
/// <param name="AppliedMs">Median of a round's chains.</param>
/// <param name="StrictRounds">A chain, in which replicas were asked, without the barrier before it.</param>
/// <param name="AppliedRounds">The same.</param>
/// <param name="HopMs">Of the applied chains, but for the last.</param>
/// <param name="SpeculativeMs">A publish that waits for nothing.</param>
/// <param name="DurableMs">A publish that is answered once it is durable.</param>
internal sealed record ChainPair(
    double StrictMs,
    double AppliedMs,
    double StrictRounds,
    double AppliedRounds,
    double HopMs,
    double SpeculativeMs,
    double DurableMs
);

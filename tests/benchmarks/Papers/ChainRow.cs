using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Papers;

/// <summary>Chains one at a time, strict and applied, at one flush time: until the last output may be seen outside.</summary>
internal sealed record ChainRow
{
    public required string Level { get; init; }

    public required int FlushMs { get; init; }

    /// <summary>Of the rounds' medians.</summary>
    public required Spread StrictMs { get; init; }

    public required Spread AppliedMs { get; init; }

    public required double PredictedStrictMs { get; init; }

    public required double PredictedAppliedMs { get; init; }

    /// <summary>Rounds in which replicas were asked, a chain.</summary>
    public required double StrictRounds { get; init; }

    public required double AppliedRounds { get; init; }

    /// <summary>Strict divided by applied, for each pair of rounds.</summary>
    public required Spread Gain { get; init; }

    public required Prediction Prediction { get; init; }

    public static ChainRow Of(Level level, int flushMs, IReadOnlyList<ChainPair> pairs, Prediction prediction) =>
        new()
        {
            Level = level.Durability,
            FlushMs = flushMs,
            StrictMs = Spread.Of([.. pairs.Select(pair => pair.StrictMs)]),
            AppliedMs = Spread.Of([.. pairs.Select(pair => pair.AppliedMs)]),
            PredictedStrictMs = prediction.StrictMs(SpeculationPod.Hops),
            PredictedAppliedMs = prediction.AppliedMs(SpeculationPod.Hops),
            StrictRounds = Statistics.Median(pairs.Select(pair => pair.StrictRounds)),
            AppliedRounds = Statistics.Median(pairs.Select(pair => pair.AppliedRounds)),
            Gain = Spread.Of([.. pairs.Select(pair => pair.StrictMs / pair.AppliedMs)]),
            Prediction = prediction,
        };
}

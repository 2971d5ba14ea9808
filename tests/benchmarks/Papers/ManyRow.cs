using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Papers;

/// <summary>Many chains at once, strict and applied, while no flush takes time: what speculation costs where it gains little.</summary>
internal sealed record ManyRow
{
    public required string Level { get; init; }

    public required double StrictPerSecond { get; init; }

    public required double AppliedPerSecond { get; init; }

    /// <summary>Applied divided by strict, for each pair of rounds.</summary>
    public required Spread Gain { get; init; }

    public static ManyRow Of(Level level, IReadOnlyList<(double Strict, double Applied)> pairs) =>
        new()
        {
            Level = level.Durability,
            StrictPerSecond = Statistics.Median(pairs.Select(pair => pair.Strict)),
            AppliedPerSecond = Statistics.Median(pairs.Select(pair => pair.Applied)),
            Gain = Spread.Of([.. pairs.Select(pair => pair.Applied / pair.Strict)]),
        };
}

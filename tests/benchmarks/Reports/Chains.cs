using System.Globalization;
using System.Text.Json.Serialization;
using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Reports;

/// <summary>What is said of whole chains, where the operation of a row is a hop of one.</summary>
internal sealed record Chains
{
    public required double PerSecond { get; init; }

    [JsonPropertyName("p50_us")]
    public required double P50 { get; init; }

    public required double ReferencePerSecond { get; init; }

    [JsonPropertyName("reference_p50_us")]
    public required double ReferenceP50 { get; init; }

    /// <summary>Null for a row without chains.</summary>
    public static Chains? Of(IReadOnlyList<Pair> pairs)
    {
        if (pairs.Any(pair => pair.Ours.Chains is null))
        {
            return null;
        }

        Total ours = Of(pairs.Select(pair => pair.Ours)),
            reference = Of(pairs.Select(pair => pair.Reference));
        return new()
        {
            PerSecond = ours.PerSecond,
            P50 = ours.Percentile(0.5),
            ReferencePerSecond = reference.PerSecond,
            ReferenceP50 = reference.Percentile(0.5),
        };
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{PerSecond:0} a second (reference {ReferencePerSecond:0}), p50 {P50:#,0} µs (reference {ReferenceP50:#,0})"
        );

    private static Total Of(IEnumerable<Round> rounds) =>
        new([.. rounds.Select(round => new Round(round.Chains!.Count, round.Seconds, round.Chains))]);
}

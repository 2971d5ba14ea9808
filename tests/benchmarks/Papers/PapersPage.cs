using System.Globalization;

namespace Darq.Benchmarks.Papers;

/// <summary>What a run found, as people read it; the same text is Markdown.</summary>
internal static class PapersPage
{
    /// <summary>The tables alone, as a terminal shows them.</summary>
    public static string Tables(PapersResult result) =>
        $"""
            Ten hops, one chain at a time: ms until the output may be seen; median (least to most) of the pairs

            | level | flush | strict | predicted | rounds | applied | predicted | rounds | gain |
            |---|--:|--:|--:|--:|--:|--:|--:|--:|
            {string.Join('\n', result.Chains.Select(Line))}

            64 chains on their way, without a flush time: chains a second

            | level | strict | applied | applied / strict | latency alone, strict / applied |
            |---|--:|--:|--:|--:|
            {string.Join('\n', result.Many.Select(row => Line(row, result.Chains.First(chain => chain.Level == row.Level))))}

            A failover that loses the last writes: ms from the kill of the primary

            | | strict | applied | applied - strict |
            |---|--:|--:|--:|
            | first output | {result.Recovery.StrictFirstMs.ToString("0")} | {result.Recovery.AppliedFirstMs.ToString("0")} | {result
                .Recovery
                .BeyondStrictMs
                .ToString("0")} |
            | all outputs | {result.Recovery.StrictAllMs.ToString("0")} | {result.Recovery.AppliedAllMs.ToString("0")} | |
            """;

    /// <summary>The page beside which the picture lies.</summary>
    public static string Of(PapersResult result, string picture)
    {
        var state = result.Environment;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            # What speculation gains: one {(state.Quick ? "quick" : "full")} run

            {state.Cpu}, {state.Cores} cores; Linux {state.Kernel}; {state.Dotnet}; Valkey {state.Redis} ({state.RedisSettings}).
            Load average when the run began: {state.LoadAverage:0.0}. {result.Pairs} pairs of rounds.

            [README.md](README.md#what-speculation-gains) says what is measured and predicted. The figures as JSON lie beside this page.

            ![Latency of ten hops over the flush time]({picture})

            {Tables(result)}

            """
        );
    }

    private static string Line(ChainRow row) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {row.Level} | {row.FlushMs} | {row.StrictMs.ToString("0.0")} | {row.PredictedStrictMs:0.0} | {row.StrictRounds:0.0} "
                + $"| {row.AppliedMs.ToString("0.0")} | {row.PredictedAppliedMs:0.0} | {row.AppliedRounds:0.0} "
                + $"| {row.Gain.ToString("0.00")} |"
        );

    private static string Line(ManyRow row, ChainRow alone) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {row.Level} | {row.StrictPerSecond:0} | {row.AppliedPerSecond:0} | {row.Gain.ToString("0.00")} "
                + $"| {alone.Gain.ToString("0.00")} |"
        );
}

namespace Darq.Benchmarks.Papers;

/// <summary>From the kill of a primary whose replica lacks the last writes, until chains that lost some have their outputs.</summary>
internal sealed record RecoveryRow
{
    public required Spread StrictFirstMs { get; init; }

    public required Spread AppliedFirstMs { get; init; }

    /// <summary>By how much the first output of the applied chains was later, for each pair of trials.</summary>
    public required Spread BeyondStrictMs { get; init; }

    public required Spread StrictAllMs { get; init; }

    public required Spread AppliedAllMs { get; init; }

    public static RecoveryRow Of(IReadOnlyList<(RecoveryTrial Strict, RecoveryTrial Applied)> pairs) =>
        new()
        {
            StrictFirstMs = Spread.Of([.. pairs.Select(pair => pair.Strict.FirstMs)]),
            AppliedFirstMs = Spread.Of([.. pairs.Select(pair => pair.Applied.FirstMs)]),
            BeyondStrictMs = Spread.Of([.. pairs.Select(pair => pair.Applied.FirstMs - pair.Strict.FirstMs)]),
            StrictAllMs = Spread.Of([.. pairs.Select(pair => pair.Strict.AllMs)]),
            AppliedAllMs = Spread.Of([.. pairs.Select(pair => pair.Applied.AllMs)]),
        };
}

/// <summary>One kill.</summary>
internal sealed record RecoveryTrial(double FirstMs, double AllMs);

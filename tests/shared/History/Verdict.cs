namespace Darq.Tests.Shared.History;

/// <summary>What a history shows: counts for the reader, and each broken promise with the message or account concerned.</summary>
internal sealed record Verdict(IReadOnlyList<Violation> Violations)
{
    /// <summary>Messages that a publisher was told are accepted.</summary>
    public int Accepted { get; init; }

    /// <summary>Messages that took effect.</summary>
    public int Effective { get; init; }

    /// <summary>Messages that took effect although no publisher was ever told that they are accepted: allowed.</summary>
    public int Recovered { get; init; }

    /// <summary>Deliveries beyond the first of a message: allowed.</summary>
    public int Redelivered { get; init; }

    public bool Holds => Violations.Count == 0;

    public int Count(Promise promise) => Violations.Count(violation => violation.Promise == promise);

    public override string ToString() =>
        string.Join(
            '\n',
            [
                $"{Accepted} accepted, {Effective} took effect, {Recovered} recovered, {Redelivered} redelivered, "
                    + $"{Count(Promise.NotLost)} lost, {Count(Promise.OnlyOnce)} duplicated, {Count(Promise.NotUnexpected)} unexpected",
                .. Violations.Take(20).Select(violation => $"broken: {violation.Promise}: {violation.Text}"),
            ]
        );
}

internal sealed record Violation(Promise Promise, string Text);

/// <summary>What a history must show.</summary>
internal enum Promise
{
    /// <summary>What a publisher was told is accepted takes effect.</summary>
    NotLost,

    /// <summary>No message takes effect twice, or lies in its topic twice.</summary>
    OnlyOnce,

    /// <summary>Nothing appears that nobody published.</summary>
    NotUnexpected,

    /// <summary>Receipts, numbers in effect and balances show the same set of effects.</summary>
    AllOrNothing,

    /// <summary>No amount appears or vanishes.</summary>
    Conserved,

    /// <summary>Messages of one key take effect in their order.</summary>
    EffectsInOrder,

    /// <summary>Messages of one key are first delivered in their order.</summary>
    DeliveriesInOrder,

    /// <summary>A process is not handed a message that it is still working on.</summary>
    OneAtATime,
}

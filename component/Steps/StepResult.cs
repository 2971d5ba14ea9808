using Darq.Lanes;
using Darq.Partitions;
using Darq.Publishing;

namespace Darq.Steps;

/// <summary>
/// What became of a step: it took effect, by this call or an earlier one (then with the first one's position and
/// messages), or it changed nothing, and why.
/// </summary>
internal sealed record StepResult(bool Duplicate, string Position, IReadOnlyList<Published> Emitted)
{
    private static readonly StepResult Nothing = new(false, "", []);

    /// <summary>Why it changed nothing; null where it took effect.</summary>
    public Refusal? Refusal { get; private init; }

    /// <summary>The keys whose etag or first-write condition did not hold.</summary>
    public IReadOnlyList<string> Conflicts { get; private init; } = [];

    /// <summary>Which consumed message was done with before, where that is the refusal.</summary>
    public DeliveryToken? Spent { get; init; }

    /// <summary>What a refusal says to people.</summary>
    public string Message { get; private init; } = "";

    /// <summary>The one word for it on every surface.</summary>
    public string Outcome =>
        Refusal switch
        {
            null => Duplicate ? "DUPLICATE" : "OK",
            Partitions.Refusal.Fenced => "FENCED",
            Partitions.Refusal.Stale => "STALE",
            Partitions.Refusal.Conflict => "CONFLICT",
            Partitions.Refusal.CrossPartition => "CROSS_PARTITION",
            Partitions.Refusal.TooLarge => "TOO_LARGE",
            Partitions.Refusal.Full => "FULL",
            _ => throw new InvalidOperationException($"{Refusal} is no outcome of a step."),
        };

    /// <summary>Whether a refusal is an outcome that callers act on; any other is a fault of the request or of the installation.</summary>
    public static bool IsOutcome(Refusal refusal) =>
        refusal
            is Partitions.Refusal.Fenced
                or Partitions.Refusal.Stale
                or Partitions.Refusal.Conflict
                or Partitions.Refusal.CrossPartition
                or Partitions.Refusal.TooLarge
                or Partitions.Refusal.Full;

    public static StepResult Refused(Refusal refusal, string message, IReadOnlyList<string>? conflicts = null) =>
        Nothing with
        {
            Refusal = refusal,
            Message = message,
            Conflicts = conflicts ?? [],
        };
}

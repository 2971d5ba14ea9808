using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Steps;

/// <summary>
/// The outcome of a step: it took effect, by this call or an earlier one (then with the first one's position and
/// messages), or it changed nothing, with an error code.
/// </summary>
internal sealed record StepResult(bool Duplicate, string Position, IReadOnlyList<Published> Emitted)
{
    private static readonly StepResult Nothing = new(false, "", []);

    /// <summary>Its position in its home partition, where it took effect.</summary>
    public Position Applied { get; init; }

    /// <summary>Whether what took effect was durable when it was answered; null where that is not known.</summary>
    public bool? Durable { get; init; }

    /// <summary>Why it changed nothing; null where it took effect.</summary>
    public ErrorCode? Code { get; private init; }

    /// <summary>The keys whose etag or first-write condition did not hold.</summary>
    public IReadOnlyList<string> Conflicts { get; private init; } = [];

    /// <summary>The message that was already consumed, where that is the error.</summary>
    public DeliveryToken? AlreadyConsumed { get; init; }

    /// <summary>How many messages the step named, where it is not the claim of one alone that counts.</summary>
    public int Consumed { get; init; } = 1;

    /// <summary>The text of the error.</summary>
    public string Message { get; private init; } = "";

    /// <summary>The outcome's word on every surface.</summary>
    public string Outcome =>
        Code switch
        {
            null => Duplicate ? "DUPLICATE" : "OK",
            ErrorCode.Fenced => "FENCED",
            ErrorCode.Stale => "STALE",
            ErrorCode.Conflict => "CONFLICT",
            ErrorCode.CrossPartition => "CROSS_PARTITION",
            ErrorCode.TooLarge => "TOO_LARGE",
            ErrorCode.Full => "FULL",
            _ => throw new InvalidOperationException($"{Code} is not an outcome of a step."),
        };

    /// <summary>Whether an error code is an outcome that callers act on; any other is a fault of the request or the installation.</summary>
    public static bool IsOutcome(ErrorCode code) =>
        code
            is ErrorCode.Fenced
                or ErrorCode.Stale
                or ErrorCode.Conflict
                or ErrorCode.CrossPartition
                or ErrorCode.TooLarge
                or ErrorCode.Full;

    public static StepResult Refused(ErrorCode code, string message, IReadOnlyList<string>? conflicts = null) =>
        Nothing with
        {
            Code = code,
            Message = message,
            Conflicts = conflicts ?? [],
        };
}

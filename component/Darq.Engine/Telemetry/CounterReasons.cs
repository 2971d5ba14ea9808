namespace Darq.Engine.Telemetry;

/// <summary>Why a sending of a batch brought no answer.</summary>
internal enum BatchFailure
{
    /// <summary>No reply came; the same batch is sent again.</summary>
    NoReply,

    /// <summary>Redis answered with an error: it starts, fails over, is full or lacks a permission.</summary>
    Refused,

    /// <summary>It came before the batch ahead of it.</summary>
    TooEarly,

    /// <summary>Redis has no record of the session.</summary>
    SessionGone,

    /// <summary>Another Redis process answers, or one did when the reply came.</summary>
    NeedsRecovery,
}

/// <summary>Why an attempt to deliver a message failed.</summary>
internal enum DeliveryFailure
{
    /// <summary>The app or its sidecar reported a failure.</summary>
    HandlerFailed,

    /// <summary>No answer came within the processing timeout.</summary>
    ProcessingTimeout,

    /// <summary>An acknowledgement without its step (requireStep).</summary>
    WithoutStep,

    /// <summary>The step that the app answered did not take effect.</summary>
    StepRefused,

    /// <summary>The message is damaged or too large to be sent.</summary>
    Undeliverable,

    /// <summary>The answer to a binding was neither a step nor an acknowledgement.</summary>
    UnclearAnswer,

    /// <summary>Its step met a conflict for the fourth time, or later.</summary>
    Conflict,

    /// <summary>The stream ended while the app had the message, for the second time or later, and the app opened another.</summary>
    StreamLost,
}

/// <summary>Why a message was given up.</summary>
internal enum GiveUpReason
{
    DeliveriesFailed,
    KilledItsHandler,
}

/// <summary>The values of the label <c>reason</c>, in the order of the enumerations above: the only ones there are.</summary>
internal static class CounterReasons
{
    public static readonly string[] BatchFailures = ["no_reply", "refused", "too_early", "session_gone", "needs_recovery"];

    public static readonly string[] DeliveryFailures =
    [
        "handler_failed",
        "processing_timeout",
        "without_step",
        "step_refused",
        "undeliverable",
        "unclear_answer",
        "conflict",
        "stream_lost",
    ];

    public static readonly string[] GiveUps = ["deliveries_failed", "killed_its_handler"];

    /// <summary>The outcomes of a step; the last is one that is not known, or a faulty step.</summary>
    public static readonly string[] StepOutcomes =
    [
        "ok",
        "duplicate",
        "fenced",
        "stale",
        "conflict",
        "cross_partition",
        "too_large",
        "full",
        "failed",
    ];
}

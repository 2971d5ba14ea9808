using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>What an app or its sidecar made of an attempt.</summary>
internal enum Answer
{
    Ack,

    /// <summary>The handler failed: counted, and delivered again after a delay.</summary>
    Nack,

    /// <summary>Neither a step nor an acknowledgement: done where a step consumed the message, else a failure.</summary>
    Unclear,

    /// <summary>Its step met other values than it had read: delivered again at once, and counted from the fourth time on.</summary>
    Conflict,

    /// <summary>The step that the app answered did not take effect: treated as a failure.</summary>
    StepRefused,

    /// <summary>Redis could not take the step that the app answered: delivered again after a delay, not counted.</summary>
    Postponed,

    /// <summary>It could not be handed to the app: treated as a failure.</summary>
    Undeliverable,

    /// <summary>The app is not there: delivered again after a delay, not counted.</summary>
    AppGone,

    /// <summary>Given back: delivered again at once, not counted.</summary>
    Release,
}

internal static class Answers
{
    /// <summary>The failure that an answer is; null where it is none.</summary>
    public static DeliveryFailure? ToFailure(this Answer answer) =>
        answer switch
        {
            Answer.Nack => DeliveryFailure.HandlerFailed,
            Answer.StepRefused => DeliveryFailure.StepRefused,
            Answer.Undeliverable => DeliveryFailure.Undeliverable,
            _ => null,
        };
}

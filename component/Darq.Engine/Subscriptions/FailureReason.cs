namespace Darq.Engine.Subscriptions;

/// <summary>Why an attempt counts as failed.</summary>
internal enum FailureReason
{
    /// <summary>The app answered with an error or RETRY, or the message could not be handed over.</summary>
    Error,

    /// <summary>It was acknowledged, and no step consumed the message (<see cref="SubscriptionOptions.RequireStep"/>).</summary>
    WithoutStep,

    /// <summary>The answer to a binding was neither a step nor an acknowledgement.</summary>
    Unclear,

    /// <summary>No answer came within <see cref="SubscriptionOptions.ProcessingTimeout"/>.</summary>
    TimedOut,

    /// <summary>Its step met a conflict for the fourth time, or later.</summary>
    Conflict,

    /// <summary>The stream ended while the app had the message, for the second time or later, and the app opened another.</summary>
    StreamLost,
}

namespace Darq.Engine.Subscriptions;

/// <summary>What became of a step, as far as one of the messages that it names is concerned.</summary>
internal enum StepEnd
{
    /// <summary>It changed nothing, or that is unknown.</summary>
    Unchanged,

    /// <summary>It consumed the message, or found it consumed.</summary>
    Consumed,

    /// <summary>The lane of a message that it names is another's.</summary>
    Fenced,
}

namespace Darq;

/// <summary>What became of a step.</summary>
public enum StepOutcome
{
    /// <summary>It took effect.</summary>
    Applied,

    /// <summary>It had taken effect in an earlier attempt, and changed nothing now.</summary>
    Duplicate,

    /// <summary>Another instance has the message now; it changed nothing.</summary>
    Fenced,

    /// <summary>
    /// The message was done with long ago, and the result of that step is no longer kept; it changed nothing. Of
    /// <see cref="Step.ExtendAsync"/>: the attempt was over.
    /// </summary>
    Stale,

    /// <summary>A value that it read was changed before it took effect; it changed nothing.</summary>
    Conflict,

    /// <summary>A topic or Redis takes no more for now; it changed nothing.</summary>
    Full,

    /// <summary>It is over a limit; it changed nothing, and never will.</summary>
    TooLarge,

    /// <summary>It touches several partitions, and the component's <c>crossPartitionSteps</c> forbids that; it changed nothing.</summary>
    CrossPartition,

    /// <summary>The request is wrong or a setting does not fit; it changed nothing.</summary>
    Refused,

    /// <summary>What a barrier asked for was undone by a crash before it was durable, and does not come back.</summary>
    RolledBack,

    /// <summary>No answer came, or none that is known: it took effect or not. The next attempt learns which.</summary>
    Unknown,
}

namespace Darq;

/// <summary>A step did not take effect, or it is not known whether it did.</summary>
public sealed class StepException : Exception
{
    internal StepException(StepOutcome outcome, string message, Exception? cause = null)
        : base(message, cause) => Outcome = outcome;

    /// <summary>Why.</summary>
    public StepOutcome Outcome { get; }
}

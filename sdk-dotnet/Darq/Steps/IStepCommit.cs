using Darq.Sidecar;

namespace Darq.Steps;

/// <summary>Sends a step to the component, as one request that takes effect once however often it is sent.</summary>
internal interface IStepCommit
{
    /// <summary>Never throws for what the sidecar or the component answers: that is the result.</summary>
    Task<StepResult> CommitAsync(StepSource source, StepChanges changes, CancellationToken cancellationToken);
}

/// <summary>What became of a step, and the component's text where it did not take effect.</summary>
internal sealed record StepResult(StepOutcome Outcome, string Text = "")
{
    public Exception? Cause { get; init; }

    /// <summary>What a failed call says of the step.</summary>
    public static StepResult Of(Exception failure)
    {
        var error = CallError.Of(failure);
        return new StepResult(error.Outcome, error.Text) { Cause = failure };
    }
}

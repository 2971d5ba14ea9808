using Microsoft.Extensions.Options;

namespace Darq.Steps;

/// <summary>
/// Sends a step until its outcome is known. The same request may be sent any number of times, as Redis remembers what became of it; to run
/// the handler again instead would show it the effects of its own first run.
/// </summary>
internal sealed class StepSender(IStepCommit commit, IOptions<DarqOptions> options, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastCallTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Not cancelled by the caller's going away: the step was decided, and its outcome would only be unknown then.
    /// </summary>
    public async Task<StepResult> SendAsync(StepSource source, StepChanges changes)
    {
        var pauses = new Pauses(source.Id, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
        var start = time.GetTimestamp();
        while (true)
        {
            using var deadline = new CancellationTokenSource(TimeoutFor(options.Value.CommitTimeout - time.GetElapsedTime(start)), time);
            var result = await commit.CommitAsync(source, changes, deadline.Token).ConfigureAwait(false);
            var pause = pauses.Next();
            if (result.Outcome != StepOutcome.Unknown || time.GetElapsedTime(start) + pause >= options.Value.CommitTimeout)
            {
                return result;
            }

            await Task.Delay(pause, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>A process that was paused may wake up when its time is over; it asks once more, as the outcome may be known.</summary>
    private static TimeSpan TimeoutFor(TimeSpan left) =>
        left < LastCallTimeout ? LastCallTimeout
        : left < CallTimeout ? left
        : CallTimeout;
}

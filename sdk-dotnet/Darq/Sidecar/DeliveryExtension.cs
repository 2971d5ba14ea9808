using System.Text.Json;
using Darq.Steps;
using Microsoft.Extensions.Options;

namespace Darq.Sidecar;

/// <summary>Asks the output binding for more time for a delivery, and gives it to the handler as well.</summary>
internal sealed class DeliveryExtension(ISidecar sidecar, IOptions<DarqOptions> options, TimeProvider time)
{
    /// <exception cref="StepException">The component did not say that the time has begun anew.</exception>
    /// <exception cref="InvalidOperationException">The step has no delivery, or no binding is set.</exception>
    public async Task ExtendAsync(StepSource source, ProcessingDeadline deadline, CancellationToken cancellationToken)
    {
        var token =
            source.Token
            ?? throw new InvalidOperationException(
                $"The {source} has no delivery, and so no processing time that could begin anew: its time is that of its caller's token."
            );
        if (options.Value.Binding is null)
        {
            throw new InvalidOperationException(
                "More time is asked for over an output binding; set Darq:Binding to the name of a component of type bindings.darq."
            );
        }

        // The component may still give time to an attempt whose handler was told that it is over; the handler would not have it.
        cancellationToken.ThrowIfCancellationRequested();
        var asked = time.GetTimestamp();
        var (outcome, text, cause) = await AskAsync(token, cancellationToken).ConfigureAwait(false);
        if (outcome != StepOutcome.Applied)
        {
            var fate = outcome == StepOutcome.Unknown ? "is not known to have begun" : "did not begin";
            throw new StepException(outcome, $"The processing time of the {source} {fate} anew: {text}", cause);
        }

        // The component's began somewhere between the two.
        deadline.BeginAnew(time.GetElapsedTime(asked));
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<(StepOutcome Outcome, string Text, Exception? Cause)> AskAsync(string token, CancellationToken cancellationToken)
    {
        Dictionary<string, string> metadata = new() { ["darq.token"] = token };
        try
        {
            var answer = await CallTime
                .LimitAsync(
                    "The call for more time",
                    limit => sidecar.InvokeBindingAsync("extend", [], metadata, limit),
                    time,
                    cancellationToken
                )
                .ConfigureAwait(false);
            return Read(answer);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            var error = CallError.Of(failure);
            return (error.Outcome, error.Text, failure);
        }
    }

    private (StepOutcome Outcome, string Text, Exception? Cause) Read(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var word = json.RootElement.GetProperty("outcome"u8).GetString() ?? "";
            return CallError.OfWord(word) switch
            {
                StepOutcome.Stale => (StepOutcome.Stale, "its attempt was over, or another sidecar than that of the binding has it.", null),
                var outcome => (outcome, $"the answer was {word}.", null),
            };
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            var why = $"the answer of the binding {options.Value.Binding} (Darq:Binding) is none to that; is it of type bindings.darq?";
            return (StepOutcome.Refused, why, other);
        }
    }
}

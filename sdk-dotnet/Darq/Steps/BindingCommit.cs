using System.Text.Json;
using Darq.Sidecar;

namespace Darq.Steps;

/// <summary>Sends a step as the operation <c>step</c> of the output binding, which answers the outcome in words.</summary>
internal sealed class BindingCommit(ISidecar sidecar, AckLevel? ack) : IStepCommit
{
    // All of a step is in its JSON.
    private static readonly Dictionary<string, string> NoMetadata = [];

    public async Task<StepResult> CommitAsync(StepSource source, StepChanges changes, CancellationToken cancellationToken)
    {
        try
        {
            var step = StepJson.Write(source, changes, ack);
            return Read(await sidecar.InvokeBindingAsync("step", step, NoMetadata, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception failure)
        {
            return StepResult.Of(failure);
        }
    }

    private static StepResult Read(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var outcome = json.RootElement.GetProperty("outcome"u8).GetString() ?? "";
            var text = json.RootElement.TryGetProperty("message"u8, out var message) ? message.GetString() ?? "" : "";
            return new StepResult(CallError.OfWord(outcome), text);
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new StepResult(StepOutcome.Unknown, "The binding's answer is no answer to a step; is it of type bindings.darq?")
            {
                Cause = other,
            };
        }
    }
}

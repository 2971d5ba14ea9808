using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapr.Client;
using Darq.Sidecar;

namespace Darq.Steps;

/// <summary>Sends a step as a state transaction, whose metadata says what it consumes, emits and has read.</summary>
internal sealed class TransactionCommit(ISidecar sidecar, AckLevel? ack) : IStepCommit
{
    public async Task<StepResult> CommitAsync(StepSource source, StepChanges changes, CancellationToken cancellationToken)
    {
        Dictionary<string, string> metadata = source.Token is { } token
            ? new() { ["darq.token"] = token }
            : new() { ["darq.id"] = source.Id };
        if (changes.Emits.Count > 0)
        {
            metadata["darq.emit"] = Text(json => StepJson.WriteEmits(json, changes.Emits));
        }

        if (changes.Reads.Count > 0)
        {
            metadata["darq.reads"] = Text(json => StepJson.WriteReads(json, changes.Reads));
        }

        if (ack is { } level)
        {
            metadata[AckLevels.MetadataName] = level.Word();
        }

        StateTransactionRequest[] operations = [.. changes.Writes.Select(Operation)];
        if (operations.Length == 0)
        {
            // The sidecar does not pass on a transaction without operations.
            operations = [new StateTransactionRequest(KeyRules.Marker, "0"u8.ToArray(), StateOperationType.Upsert)];
        }

        try
        {
            await sidecar.TransactAsync(operations, metadata, cancellationToken).ConfigureAwait(false);
            return new StepResult(StepOutcome.Applied);
        }
        catch (Exception failure)
        {
            return StepResult.Of(failure);
        }
    }

    private static StateTransactionRequest Operation(StateWrite write)
    {
        var metadata = write.TimeToLive is { } seconds
            ? new Dictionary<string, string> { ["ttlInSeconds"] = seconds.ToString(CultureInfo.InvariantCulture) }
            : null;
        var guarded = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };
        return new StateTransactionRequest(
            write.Key,
            write.Value,
            write.Value is null ? StateOperationType.Delete : StateOperationType.Upsert,
            write.ETag,
            metadata,
            write.ETag is null ? null : guarded
        );
    }

    private static string Text(Action<Utf8JsonWriter> write) => Encoding.UTF8.GetString(StepJson.Bytes(write));
}

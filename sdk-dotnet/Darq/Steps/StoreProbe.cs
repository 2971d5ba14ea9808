using System.Security.Cryptography;
using Dapr.Client;
using Darq.Sidecar;
using Microsoft.Extensions.Options;

namespace Darq.Steps;

/// <summary>
/// Finds out, before the first step, whether the store takes steps. Another store would ignore what makes a transaction a step: it would
/// write the state at every attempt and publish nothing. So the probe asks for a step that <c>state.darq</c> refuses and others do not.
/// With a binding it writes a key by a step and reads it by the state API, since both could have different prefixes. Each of these calls
/// gets 10 seconds, so that all of it takes at most 30, and 10 without a binding; it ends before if the step's token does. What was found
/// is kept only if it was good.
/// </summary>
internal sealed class StoreProbe(ISidecar sidecar, IStepCommit commit, IOptions<DarqOptions> options, TimeProvider time)
{
    private const int LifeSeconds = 60;

    private volatile bool _good;

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (_good)
        {
            return;
        }

        await CheckRefusedAsync(cancellationToken).ConfigureAwait(false);
        if (options.Value.Binding is { } binding)
        {
            await CheckBindingAsync(binding, cancellationToken).ConfigureAwait(false);
        }

        _good = true;
    }

    private async Task CheckRefusedAsync(CancellationToken cancellationToken)
    {
        var store = options.Value.StateStore;
        StateTransactionRequest[] marker = [new(KeyRules.Marker, "0"u8.ToArray(), StateOperationType.Upsert)];
        Dictionary<string, string> metadata = new() { ["darq.token"] = "probe" };
        try
        {
            await CallTime
                .LimitAsync("The question", token => sidecar.TransactAsync(marker, metadata, token), time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            var error = CallError.Of(failure);
            if (error is { Outcome: StepOutcome.Refused, Text: var text } && text.StartsWith("INVALID", StringComparison.Ordinal))
            {
                return;
            }

            var what = error.Outcome == StepOutcome.Unknown ? "did not tell whether it takes steps" : "takes no step";
            throw new StepException(error.Outcome, $"The state store {store} (Darq:StateStore) {what}: {error.Text}", failure);
        }

        throw new StepException(
            StepOutcome.Refused,
            $"The state store {store} (Darq:StateStore) knows no steps; accepted: the name of a component of type state.darq."
        );
    }

    private async Task CheckBindingAsync(string binding, CancellationToken cancellationToken)
    {
        try
        {
            await CheckPrefixAsync(binding, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            throw new StepException(
                StepOutcome.Unknown,
                $"The binding {binding} (Darq:Binding) did not tell whether it takes steps: {late.Message}",
                late
            );
        }
    }

    /// <summary>A step that was given up is no result here, where nothing depends on it.</summary>
    private async Task<StepResult> CommitAsync(StepSource source, StepChanges changes, CancellationToken cancellationToken)
    {
        var result = await commit.CommitAsync(source, changes, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    private async Task CheckPrefixAsync(string binding, CancellationToken cancellationToken)
    {
        var key = $"darq-probe-{RandomNumberGenerator.GetHexString(16)}";
        var value = "\"darq\""u8.ToArray();
        var changes = new StepChanges([new StateWrite(key, value, LifeSeconds) { ETag = StoredValue.Absent }], [], []);
        var result = await CallTime
            .LimitAsync("Its step", token => CommitAsync(new StepSource(null, key), changes, token), time, cancellationToken)
            .ConfigureAwait(false);
        if (result.Outcome is not (StepOutcome.Applied or StepOutcome.Duplicate))
        {
            var what = result.Outcome == StepOutcome.Unknown ? "did not tell whether it takes steps" : "takes no step";
            throw new StepException(result.Outcome, $"The binding {binding} (Darq:Binding) {what}: {result.Text}", result.Cause);
        }

        var read = await CallTime
            .LimitAsync($"The read of the state {key}", token => sidecar.ReadAsync(key, token), time, cancellationToken)
            .ConfigureAwait(false);
        if (!read.Data.Span.SequenceEqual(value))
        {
            throw new StepException(
                StepOutcome.Refused,
                $"What a step of the binding {binding} (Darq:Binding) writes is not what the state store {options.Value.StateStore} "
                    + "(Darq:StateStore) reads; accepted: components of one Redis, database and namespace, with the same keyPrefix, and no "
                    + "encryption."
            );
        }
    }
}

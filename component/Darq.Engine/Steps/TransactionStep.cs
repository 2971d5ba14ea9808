using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Steps.Json;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Steps;

/// <summary>
/// Reads a state transaction as a step. The request's metadata has the consumed messages (<c>darq.token</c>, <c>darq.consume</c>) and
/// the emits (<c>darq.emit</c>).
/// </summary>
internal static class TransactionStep
{
    public static Step Of(IReadOnlyList<StateOperation> operations, IReadOnlyDictionary<string, string> metadata, NamespaceOptions options)
    {
        metadata = RequestNames.Transaction.Read(metadata);
        var step = new Step
        {
            Id = metadata.GetValueOrDefault(WireNames.Id, ""),
            Ack = RequestAck.Of(metadata) ?? AckLevels.Together(operations.Select(operation => operation.Ack)),
        };
        Limits.CheckKey(WireNames.Id, step.Id);
        foreach (var operation in operations)
        {
            if (!IsMarker(operation.Key.Key))
            {
                step.Operations.Add(operation);
            }
        }
        if (step.Operations.Count > Limits.MaxOperations)
        {
            throw new DarqException(
                ErrorCode.TooLarge,
                $"TOO_LARGE: the transaction has {step.Operations.Count:N0} operations; accepted: at most {Limits.MaxOperations:N0}."
            );
        }

        if (metadata.TryGetValue(WireNames.Token, out var one))
        {
            step.Consume(Token(one, options));
        }

        if (metadata.TryGetValue(WireNames.Consume, out var many))
        {
            foreach (var text in List(many))
            {
                step.Consume(Token(text, options));
            }
        }
        if (operations.Count > 0)
        {
            step.Source = SourceOf(operations[0].Key.Key) ?? step.Source;
        }

        if (metadata.TryGetValue(WireNames.Emit, out var emits))
        {
            EmitParser.Parse(emits, step.Emits);
        }

        if (metadata.TryGetValue(WireNames.Reads, out var reads))
        {
            ReadParser.Parse(reads, operations.Count > 0 ? PrefixOf(operations[0].Key.Key) : "", step.Reads);
        }

        step.CheckId(WireNames.Id);
        CheckIsStep(step, metadata, hasMarker: step.Operations.Count < operations.Count);
        return step;
    }

    /// <summary>
    /// An SDK that renames headers gives its app an undefined token, which then vanishes from the metadata: the messages would be
    /// published, and nothing consumed.
    /// </summary>
    private static void CheckIsStep(Step step, IReadOnlyDictionary<string, string> metadata, bool hasMarker)
    {
        var sign =
            metadata.ContainsKey(WireNames.Emit) ? $"metadata {WireNames.Emit}"
            : metadata.ContainsKey(WireNames.Reads) ? $"metadata {WireNames.Reads}"
            : hasMarker ? $"the key {WireNames.StepMarkerKey}"
            : null;
        if (sign is not null && step is { Id.Length: 0, Consumed.Count: 0 })
        {
            throw new DarqException(
                ErrorCode.Invalid,
                $"INVALID: {sign} is given without {WireNames.Token}, {WireNames.Consume} or {WireNames.Id}, so this is no step; "
                    + $"give {WireNames.Token} with the value of the delivery's header darq-token (some SDKs write darq_token), or "
                    + $"{WireNames.Id} with a name of your own for a step that consumes nothing."
            );
        }
    }

    private static DeliveryToken Token(string text, NamespaceOptions options) =>
        DeliveryToken.TryParse(text, out var token) && token.Partition < options.Partitions
            ? token
            : throw Limits.Invalid(WireNames.Token, text, "the value of the delivery's header darq-token or attribute darqtoken");

    private static string[] List(string json)
    {
        try
        {
            return [.. (JsonSerializer.Deserialize(json, StepJson.Default.StringArray) ?? []).Select(text => text ?? "null")];
        }
        catch (JsonException)
        {
            throw Limits.Invalid(WireNames.Consume, json, "a JSON list of tokens such as [\"…\",\"…\"]");
        }
    }

    private static bool IsMarker(string key) =>
        key == WireNames.StepMarkerKey || key.EndsWith("||" + WireNames.StepMarkerKey, StringComparison.Ordinal);

    /// <summary>The app's id, from the prefix that the sidecar puts before state keys.</summary>
    private static string? SourceOf(string key) => PrefixOf(key) is { Length: > 2 } prefix ? prefix[..^2] : null;

    /// <summary>That prefix; "" where the store has none.</summary>
    private static string PrefixOf(string key)
    {
        const string End = "||";
        var end = key.IndexOf(End, StringComparison.Ordinal);
        return end > 0 ? key[..(end + End.Length)] : "";
    }
}

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
        foreach (var name in WireNames.NotYet)
        {
            if (metadata.ContainsKey(name))
            {
                throw new DarqException(ErrorCode.NotYet, $"NOT_YET: metadata {name} is not available yet; send the step without it.");
            }
        }
        if (metadata.TryGetValue(WireNames.Ack, out var ack))
        {
            CheckAck(ack);
        }

        var step = new Step { Id = metadata.GetValueOrDefault(WireNames.Id, "") };
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

        return step;
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

    private static void CheckAck(string ack)
    {
        if (ack == "speculative")
        {
            throw new DarqException(
                ErrorCode.NotYet,
                $"NOT_YET: metadata {WireNames.Ack} \"speculative\" is not available yet; send the step without it."
            );
        }

        if (ack != "durable")
        {
            throw Limits.Invalid(WireNames.Ack, ack, "durable or speculative");
        }
    }

    private static bool IsMarker(string key) =>
        key == WireNames.StepMarkerKey || key.EndsWith("||" + WireNames.StepMarkerKey, StringComparison.Ordinal);

    /// <summary>The app's id, from the prefix that the sidecar puts before state keys.</summary>
    private static string? SourceOf(string key)
    {
        var end = key.IndexOf("||", StringComparison.Ordinal);
        return end > 0 ? key[..end] : null;
    }
}

using System.Globalization;
using System.Text.Json;
using Darq.Lanes;
using Darq.Partitions;
using Darq.Publishing;
using Darq.State;
using Darq.Telemetry;

namespace Darq.Steps;

/// <summary>What a step answered: whether this call or an earlier one took effect, where, and what became of its messages.</summary>
internal sealed record StepResult(bool Duplicate, string Position, IReadOnlyList<Published> Emitted);

/// <summary>
/// Takes a state transaction as a step: what it consumes (<c>darq.token</c>, <c>darq.consume</c>) and emits
/// (<c>darq.emit</c>) stands in the request's metadata. One request of a batch, recorded by its id or by its first
/// consumed message, so that a repeated one is answered with the first result.
/// </summary>
internal sealed class Stepper(Primary primary, Subscriptions subscriptions, NamespaceOptions options, TimeProvider time, Random random, ILogger log)
{
    private int _saidCrossPartition;
    private long _crossPartitionCount;

    /// <summary>Steps that touched several partitions; on Redis Cluster they would be refused.</summary>
    public long CrossPartitionCount => Volatile.Read(ref _crossPartitionCount);

    /// <summary>
    /// Applies operations, consumption and emits, all or none. Throws <see cref="DarqException"/> with the outcome where it
    /// did not take effect. With a token or an id it is safe to repeat; without either only where its etags guard it.
    /// </summary>
    public async ValueTask<StepResult> TransactAsync(IReadOnlyList<StateOperation> operations, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
    {
        var request = Compose([.. operations.Where(operation => !IsMarker(operation.Key.Key))], metadata);
        if (request.Consumed.Count == 0 && request.Operations.Count == 0 && request.Emits.Count == 0) return new(false, "", []);
        Check(request);
        var reply = await primary.SubmitAsync(request, cancellation);
        var result = Read(request, reply);
        foreach (var consumed in request.Consumed) subscriptions.Consumed(consumed.Token);
        return result;
    }

    private StepRequest Compose(IReadOnlyList<StateOperation> operations, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var name in WireNames.NotYet)
        {
            if (metadata.ContainsKey(name)) throw new DarqException(Refusal.NotYet, $"NOT_YET: metadata {name} is not available yet; send the step without it.");
        }
        if (operations.Count > Limits.MaxOperations)
            throw new DarqException(Refusal.TooLarge, $"TOO_LARGE: the transaction has {operations.Count:N0} operations; accepted: at most {Limits.MaxOperations:N0}.");
        var tokens = Tokens(metadata);
        var id = metadata.GetValueOrDefault(WireNames.Id, "");
        Limits.CheckKey(WireNames.Id, id);
        var writes = operations.Select(operation => StateWrite.From(operation, options)).ToArray();
        var home = tokens.Count > 0 ? tokens[0].Partition
            : id.Length > 0 ? PartitionHash.Of(id, options.Partitions)
            : writes.Length > 0 ? writes[0].Partition : random.Next(options.Partitions);
        var emits = metadata.TryGetValue(WireNames.Emit, out var json)
            ? new EmitParser(options, SourceOf(operations), CauseOf(tokens, id), home, time).Parse(json) : [];
        return new(options)
        {
            Home = home,
            Id = id,
            Consumed = [.. tokens.Select(token => new Consumption(token, () => subscriptions.IncarnationOf(token)))],
            Operations = writes,
            Emits = emits,
        };
    }

    private void Check(StepRequest request)
    {
        if (request.Size > Limits.MaxMessageBytes)
            throw new DarqException(Refusal.TooLarge, $"TOO_LARGE: the step has {request.Size:N0} bytes; accepted: at most {Limits.MaxMessageBytes:N0} (3.9 MiB).");
        if (request.Partitions <= 1) return;
        Interlocked.Increment(ref _crossPartitionCount);
        if (options.CrossPartitionSteps == CrossPartitionSteps.Refuse)
            throw new DarqException(Refusal.CrossPartition, $"CROSS_PARTITION: the step touches {request.Partitions} partitions and crossPartitionSteps is refuse; give its keys and messages one partition key, or set crossPartitionSteps to allow.");
        if (options.CrossPartitionSteps == CrossPartitionSteps.Warn && Interlocked.Exchange(ref _saidCrossPartition, 1) == 0)
            log.CrossPartitionStepWasSeen(request.Partitions);
    }

    private StepResult Read(StepRequest request, string reply)
    {
        var words = reply.Split(' ');
        switch (words[0])
        {
            case "OK" or "DUPLICATE":
                primary.Applied.Note(request.Home, Position.Parse(words[1]));
                // The emits of the first attempt answer; a repetition may have named others.
                var emitted = words.Length == 2 + 2 * request.Emits.Count ? Emitted.Parse(primary, request.Emits, words.AsSpan(2)) : [];
                return new(words[0] == "DUPLICATE", $"{request.Home}:{words[1]}", emitted);
            case "CONFLICT":
                var keys = words.Skip(1).Select(index => request.Operations[int.Parse(index, CultureInfo.InvariantCulture)].Operation.Key.Key);
                throw new DarqException(Refusal.Conflict, $"CONFLICT: the etag or first-write condition does not hold for {string.Join(", ", keys.Select(key => $"'{key}'"))}; nothing was changed.");
            case "STALE":
                foreach (var consumed in request.Consumed) subscriptions.Consumed(consumed.Token);
                throw new DarqException(Refusal.Stale, "STALE: the message was consumed earlier and the result of that step is no longer kept; this call changed nothing.");
            case "FENCED":
                foreach (var consumed in request.Consumed) subscriptions.Fenced(consumed.Token);
                throw Refusals.Of(reply);
            case "FULL":
                var topic = request.Emits[int.Parse(words[1], CultureInfo.InvariantCulture)].Topic;
                throw new DarqException(Refusal.Full, $"FULL: topic '{topic}' takes no more messages in one partition (maxBacklog); nothing was changed.");
            default:
                throw Refusals.Of(reply);
        }
    }

    private List<DeliveryToken> Tokens(IReadOnlyDictionary<string, string> metadata)
    {
        var texts = new List<string>();
        if (metadata.TryGetValue(WireNames.Token, out var one)) texts.Add(one);
        if (metadata.TryGetValue(WireNames.Consume, out var many)) texts.AddRange(List(many));
        return [.. texts.Distinct(StringComparer.Ordinal).Select(text => DeliveryToken.TryParse(text, out var token) && token.Partition < options.Partitions
            ? token : throw Limits.Invalid(WireNames.Token, text, "the value of the delivery's header darq-token or attribute darqtoken"))];
    }

    private static string[] List(string json)
    {
        try
        {
            return [.. (JsonSerializer.Deserialize<string?[]>(json) ?? []).Select(text => text ?? "null")];
        }
        catch (JsonException)
        {
            throw Limits.Invalid(WireNames.Consume, json, "a JSON list of tokens such as [\"…\",\"…\"]");
        }
    }

    private static bool IsMarker(string key) => key == WireNames.StepMarkerKey || key.EndsWith("||" + WireNames.StepMarkerKey, StringComparison.Ordinal);

    /// <summary>The app, as the sidecar prefixes its keys; that is all the component can know of it here.</summary>
    private static string SourceOf(IReadOnlyList<StateOperation> operations)
    {
        var key = operations.Count > 0 ? operations[0].Key.Key : "";
        var end = key.IndexOf("||", StringComparison.Ordinal);
        return end > 0 ? key[..end] : "Dapr";
    }

    private string CauseOf(List<DeliveryToken> tokens, string id) =>
        tokens.Count > 0 ? $"{tokens[0].Group}-{tokens[0].Topic}-{tokens[0].Partition}-{tokens[0].Message}"
        : id.Length > 0 ? id : random.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
}

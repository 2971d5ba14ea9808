using Darq.Partitions;
using Darq.Steps;

namespace Darq.State;

/// <summary>Reads and writes single values. A write is a step that consumes and emits nothing.</summary>
internal sealed class StateStore(Primary primary, NamespaceOptions options)
{
    private readonly StateReads _reads = new(primary, options);

    /// <summary>The values of the keys in order, as one snapshot. Throws <see cref="DarqException"/>; safe to repeat.</summary>
    public ValueTask<IReadOnlyList<StateValue>> GetAsync(IReadOnlyList<StateKey> keys, CancellationToken cancellation)
    {
        if (keys.Count == 0) return new([]);
        for (var i = 0; i < keys.Count; i++) Limits.CheckKey("key", keys[i].Key);
        return _reads.GetAsync(keys, cancellation);
    }

    /// <summary>
    /// Applies one operation. Throws <see cref="DarqException"/>: Conflict where the etag does not match or a first write
    /// finds a value, InvalidEtag where it cannot be one of ours. Repeating an operation without an etag is safe.
    /// </summary>
    public async ValueTask ApplyAsync(StateOperation operation, CancellationToken cancellation)
    {
        var change = StateWrite.From(operation, options);
        var request = new StepRequest(options, primary) { Home = change.Partition, Operations = [change] };
        var reply = await primary.SubmitAsync(request, cancellation);
        if (reply.StartsWith("CONFLICT", StringComparison.Ordinal)) throw new DarqException(Refusal.Conflict, ConflictText(operation));
        if (request.Applied is null) throw Refusals.Of(reply);
    }

    private static string ConflictText(StateOperation operation) => string.IsNullOrEmpty(operation.ETag)
        ? "CONFLICT: the key exists already (first-write without an etag)."
        : $"CONFLICT: the etag '{operation.ETag}' is not the current one.";
}

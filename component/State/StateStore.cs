using System.Globalization;
using Darq.Partitions;
using Darq.Redis;
using Darq.Steps;

namespace Darq.State;

/// <summary>Reads and writes single values. A write is a step that consumes and emits nothing.</summary>
internal sealed class StateStore(Primary primary, NamespaceOptions options)
{
    /// <summary>The values of the keys in order, as one snapshot. Throws <see cref="DarqException"/>; safe to repeat.</summary>
    public async ValueTask<IReadOnlyList<StateValue>> GetAsync(IReadOnlyList<StateKey> keys, CancellationToken cancellation)
    {
        if (keys.Count == 0) return [];
        var marks = new List<string>();
        var places = new Dictionary<int, int>();
        var wanted = new List<RedisArgument>(2 * keys.Count);
        foreach (var key in keys)
        {
            Limits.CheckKey("key", key.Key);
            var partition = PartitionHash.OfState(key.Key, key.PartitionKey, options.Partitions);
            if (!places.TryGetValue(partition, out var place))
            {
                places[partition] = place = places.Count + 1;
                marks.Add(primary.Keys.Mark(partition));
            }
            wanted.Add(place);
            wanted.Add(key.Key);
        }
        // Made anew at each attempt: a recovery between two of them changes the world-line.
        FunctionCall Call() => new(FunctionLibrary.Function("get"), marks, [primary.WorldLine, .. wanted], ReadOnly: true);
        var found = (await primary.ReadAsync(() => primary.CallAsync(Call(), cancellation), cancellation)).Items;
        var values = new StateValue[keys.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var (value, etag, expiry) = (found[3 * i], found[3 * i + 1], found[3 * i + 2]);
            values[i] = etag.IsNothing ? default : new(value.Bytes, etag.ToString(), ExpiryOf(expiry));
        }
        return values;
    }

    /// <summary>
    /// Applies one operation. Throws <see cref="DarqException"/>: Conflict where the etag does not match or a first write
    /// finds a value, InvalidEtag where it cannot be one of ours. Repeating an operation without an etag is safe.
    /// </summary>
    public async ValueTask ApplyAsync(StateOperation operation, CancellationToken cancellation)
    {
        var change = StateWrite.From(operation, options);
        var reply = await primary.SubmitAsync(new StepRequest(options) { Home = change.Partition, Operations = [change] }, cancellation);
        if (reply.StartsWith("CONFLICT", StringComparison.Ordinal)) throw new DarqException(Refusal.Conflict, ConflictText(operation));
        if (!reply.StartsWith("OK ", StringComparison.Ordinal)) throw Refusals.Of(reply);
        primary.Applied.Note(change.Partition, Position.Parse(reply.AsSpan(3)));
    }

    private static string ConflictText(StateOperation operation) => string.IsNullOrEmpty(operation.ETag)
        ? "CONFLICT: the key exists already (first-write without an etag)."
        : $"CONFLICT: the etag '{operation.ETag}' is not the current one.";

    private static DateTimeOffset? ExpiryOf(RedisReply expiry) => expiry.IsNothing
        ? null
        : DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(expiry.ToString(), CultureInfo.InvariantCulture));
}

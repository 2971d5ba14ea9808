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
        foreach (var key in keys) Limits.CheckKey("key", key.Key);
        var found = (await primary.ReadAsync(() => Get(keys), cancellation)).Items;
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

    private FunctionCall Get(IReadOnlyList<StateKey> keys)
    {
        var marks = new List<string>(keys.Count);
        var arguments = new List<RedisArgument>(1 + 2 * keys.Count) { primary.WorldLine };
        for (var i = 0; i < keys.Count; i++)
        {
            var mark = primary.Keys.Mark(PartitionHash.OfState(keys[i].Key, keys[i].PartitionKey, options.Partitions));
            var place = marks.IndexOf(mark) + 1;
            if (place == 0)
            {
                marks.Add(mark);
                place = marks.Count;
            }
            arguments.Add(place);
            arguments.Add(keys[i].Key);
        }
        return new(FunctionLibrary.Function("get"), marks, arguments, ReadOnly: true);
    }

    private static string ConflictText(StateOperation operation) => string.IsNullOrEmpty(operation.ETag)
        ? "CONFLICT: the key exists already (first-write without an etag)."
        : $"CONFLICT: the etag '{operation.ETag}' is not the current one.";

    private static DateTimeOffset? ExpiryOf(RedisReply expiry) => expiry.IsNothing
        ? null
        : DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(expiry.ToString(), CultureInfo.InvariantCulture));
}

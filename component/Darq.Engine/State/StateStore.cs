using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.State;

/// <summary>Reads and writes single values.</summary>
internal sealed class StateStore(Primary primary, NamespaceOptions options)
{
    private readonly StateReads _reads = new(primary, options);

    /// <summary>As the other one, at the level of the component.</summary>
    public ValueTask<IReadOnlyList<StateValue>> GetAsync(IReadOnlyList<StateKey> keys, CancellationToken cancellation) =>
        GetAsync(keys, ack: null, cancellation);

    /// <summary>
    /// The values of the keys in order, as one snapshot: once they are durable, or as Redis has them at the moment. Throws
    /// <see cref="DarqException"/>; safe to repeat.
    /// </summary>
    /// <param name="keys">Which.</param>
    /// <param name="ack">When to answer; null for what the component says.</param>
    /// <param name="cancellation">Ends the wait only.</param>
    public ValueTask<IReadOnlyList<StateValue>> GetAsync(IReadOnlyList<StateKey> keys, AckLevel? ack, CancellationToken cancellation)
    {
        if (keys.Count == 0)
        {
            return new([]);
        }

        for (var i = 0; i < keys.Count; i++)
        {
            Limits.CheckKey("key", keys[i].Key);
        }

        return primary.Watermark.IsReplyEnough && !primary.IsDurable
            ? _reads.GetAsync(keys, cancellation)
            : ReadAsync(keys, options.MustBeDurable(ack), cancellation);
    }

    /// <summary>
    /// Answers at once where all values are known to be durable. Of a key that is not there nothing tells when it was deleted: that takes a
    /// round, as does a value that is new. Without <paramref name="mustBeDurable"/> it answers the first that it reads.
    /// </summary>
    private async ValueTask<IReadOnlyList<StateValue>> ReadAsync(
        IReadOnlyList<StateKey> keys,
        bool mustBeDurable,
        CancellationToken cancellation
    )
    {
        while (true)
        {
            var before = primary.Watermark.Recoveries;
            var values = await _reads.GetAsync(keys, cancellation);
            var positions = new Position?[keys.Count];
            var areDurable = true;
            for (var i = 0; i < positions.Length; i++)
            {
                positions[i] = Note(keys[i], values[i]);
                areDurable &= KnowsDurable(before, keys[i], positions[i]) == true;
            }

            if (
                !mustBeDurable
                || areDurable
                || primary.Watermark.IsReplyEnough
                || await primary.Durable.IsDurableAsync(before, cancellation)
            )
            {
                return [.. values.Select((value, i) => value with { Durable = KnowsDurable(before, keys[i], positions[i]) })];
            }
        }
    }

    /// <summary>
    /// If Redis loses what was read, that is a loss for this process, though another wrote it. Null where there is no value.
    /// </summary>
    private Position? Note(StateKey key, StateValue value)
    {
        if (!Position.TryParse(value.ETag, out var position))
        {
            return null;
        }

        primary.Applied.Note(PartitionOf(key), position);
        return position;
    }

    private bool? KnowsDurable(RecoveryCount before, StateKey key, Position? position) =>
        position is { } known ? primary.Durable.Knows(before, PartitionOf(key), known) : null;

    private int PartitionOf(StateKey key) => PartitionHash.OfState(key.Key, options.Partitions);

    /// <summary>
    /// Applies one operation, and answers when it is durable, or only applied, as it says, else the component. Throws
    /// <see cref="DarqException"/>: Conflict where the etag does not match or a first write
    /// finds a value, InvalidEtag where this component cannot have issued it. Repeating an operation without an etag is safe.
    /// </summary>
    public async ValueTask ApplyAsync(StateOperation operation, CancellationToken cancellation)
    {
        var change = StateWrite.From(operation, options);
        var mustBeDurable = options.MustBeDurable(operation.Ack);
        var before = primary.Durable.Admit(mustBeDurable);
        Position position;
        try
        {
            position = await primary.SubmitAsync(new WriteRequest(change, primary), cancellation);
        }
        catch (DarqException refused) when (mustBeDurable && refused.Code == ErrorCode.Conflict)
        {
            // What it rests on may be lost.
            await primary.Durable.WaitAsync(before, static () => false, cancellation);
            throw;
        }

        if (mustBeDurable && !primary.Watermark.IsReplyEnough)
        {
            await DurableAsync(change.Partition, position, before, cancellation);
        }
    }

    private ValueTask DurableAsync(int partition, Position position, RecoveryCount before, CancellationToken cancellation) =>
        primary.Durable.WaitAsync(before, () => primary.Applied.Survives(partition, position), cancellation);

    /// <summary>
    /// Starts every operation in order, so that the last of equal keys wins, and then reports one fault. A fault other than an etag's
    /// goes first: "etag mismatch" alone would imply that the other items are saved.
    /// </summary>
    public async ValueTask ApplyAllAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellation)
    {
        var applying = operations.Select(operation => ApplyAsync(operation, cancellation).AsTask()).ToArray();
        var all = Task.WhenAll(applying);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var faults = all.Exception?.InnerExceptions ?? [];
        if (faults.FirstOrDefault(fault => fault is not DarqException { Code: ErrorCode.Conflict or ErrorCode.InvalidEtag }) is { } grave)
        {
            throw grave;
        }

        if (faults.OfType<DarqException>().MaxBy(fault => fault.Code == ErrorCode.InvalidEtag) is { } etag)
        {
            throw new DarqException(
                etag.Code,
                faults.Count == 1
                    ? etag.Message
                    : $"{etag.Message} {faults.Count} of {operations.Count} items did not match; the others took effect."
            );
        }

        await all;
    }

    private sealed class WriteRequest(StateWrite change, Primary primary) : BatchRequest<Position>("write")
    {
        public override int Size => change.Size;

        public override bool Frees => change.Operation.Change == StateChange.Delete;

        // Writing the same value again changes only the etag, so only a guarded write could get a false conflict.
        public override bool Repeatable => string.IsNullOrEmpty(change.Operation.ETag) && !change.Operation.FirstWrite;

        public override void Write(BatchWriter writer) => change.Write(writer);

        protected override Position Parse(ReplyLine reply)
        {
            if (reply.Code == ReplyCode.Conflict)
            {
                throw new DarqException(ErrorCode.Conflict, ConflictText(change.Operation));
            }

            if (reply.Code != ReplyCode.Ok)
            {
                throw reply.ToException();
            }

            var position = Position.Parse(reply.Rest);
            primary.Applied.Note(change.Partition, position);
            return position;
        }
    }

    private static string ConflictText(StateOperation operation) =>
        string.IsNullOrEmpty(operation.ETag)
            ? "CONFLICT: the key exists already (first-write without an etag, or the etag absent)."
            : $"CONFLICT: the etag '{operation.ETag}' is not the current one.";
}

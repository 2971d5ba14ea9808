using Darq.Engine.Batching;
using Darq.Engine.Core;

namespace Darq.Engine.State;

/// <summary>A state operation ready for a step: checked, with its partition decided.</summary>
internal sealed record StateWrite(int Partition, StateOperation Operation)
{
    public int Size => Operation.Value.Length + Operation.Key.Key.Length + 64;

    public static StateWrite From(StateOperation operation, NamespaceOptions options)
    {
        Limits.CheckKey("key", operation.Key.Key);
        Limits.CheckMessage($"the value of key '{operation.Key.Key}'", operation.Value.Length);
        if (!string.IsNullOrEmpty(operation.ETag) && !Position.TryParse(operation.ETag, out _))
        {
            throw new DarqException(
                ErrorCode.InvalidEtag,
                $"INVALID_ETAG: '{operation.ETag}' is not an etag; accepted: the etag of an earlier read, such as 1700000000000-42."
            );
        }

        return new(PartitionHash.OfState(operation.Key.Key, options.Partitions), operation);
    }

    /// <summary>The arguments in the order of state.lua.</summary>
    public void Write(BatchWriter writer)
    {
        writer.Add(writer.Place(Partition));
        writer.Add(Operation.Change == StateChange.Delete ? "d" : "u");
        writer.Add(Operation.Key.Key);
        writer.Add(Operation.Value);
        writer.Add(
            !string.IsNullOrEmpty(Operation.ETag) ? Operation.ETag
            : Operation.FirstWrite ? "*"
            : ""
        );
        writer.Add((long)(Operation.TimeToLive?.TotalMilliseconds ?? 0));
    }
}

using Darq.Engine.Core;

namespace Darq.Engine.Batching;

/// <summary>
/// A message that a batch of this process has just appended, as it lies in its stream. <see cref="Key"/> is "" where there is none.
/// </summary>
internal readonly record struct AppendedMessage(
    int Partition,
    string Topic,
    Position StreamId,
    Position Position,
    string Id,
    string Key,
    ReadOnlyMemory<byte> Data,
    ReadOnlyMemory<byte> Metadata
);

using Darq.Engine.Core;

namespace Darq.Engine.Batching;

/// <summary>
/// A message that a batch of this process has just appended, as it lies in its stream. <see cref="ExplicitId"/>, <see cref="Key"/> are ""
/// where there is none.
/// </summary>
internal readonly record struct AppendedMessage(
    int Partition,
    string Topic,
    Position StreamId,
    Position Position,
    string ExplicitId,
    string Key,
    ReadOnlyMemory<byte> Data,
    ReadOnlyMemory<byte> Metadata
);

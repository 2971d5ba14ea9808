using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>An appended message: the id that it was sent with, and its position (the original's, for a duplicate).</summary>
internal readonly record struct Published(string Id, int Partition, Position StreamId, Position Applied, bool Duplicate)
{
    /// <summary>Whether it was durable when it was answered; null where that is not known.</summary>
    public bool? Durable { get; init; }

    public string Position => new WirePosition(Partition, Applied).ToString();
}

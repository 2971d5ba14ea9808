using Darq.Engine.Connection;

namespace Darq.Engine.Publishing;

/// <summary>
/// The partition of messages with neither key nor id: one for all of a batch, because each partition that a batch touches costs, and
/// another for the next batch.
/// </summary>
internal static class Spread
{
    public static int Of(Primary primary) => (int)((uint)primary.Batches % (uint)primary.Keys.Partitions);
}

using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>
/// How far world-lines survived that ended before the one whose end this process was told of. Redis remembers the last 64 of each
/// partition.
/// </summary>
internal sealed class EndedWorldLines(Primary primary)
{
    /// <summary>
    /// Up to where a partition has what was applied in a world-line that has ended; null where Redis has forgotten that. Waits where a
    /// recovery is needed. Throws <see cref="DarqException"/> as <see cref="Primary.ReadAsync"/> does. Safe to repeat.
    /// </summary>
    public async ValueTask<Position?> SurvivedAsync(int partition, long worldLine, CancellationToken cancellation)
    {
        var header = primary.Keys.PartitionHeader(partition);
        var reply = await primary.ReadAsync(
            () => new(FunctionLibrary.Function("ended"), header, [primary.WorldLine, worldLine], ReadOnly: true),
            cancellation
        );
        var survived = reply.ToString();
        return survived.Length == 0 ? null : Position.Parse(survived);
    }
}

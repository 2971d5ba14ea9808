using Darq.Engine.Core;

namespace Darq.Engine.Connection;

/// <summary>
/// The highest applied position of each partition that a reply to this process named. A handshake compares them with the positions
/// that survived a change of the Redis process: a higher one means that applied writes were lost. Bounded: one number pair per
/// partition.
/// </summary>
internal sealed class AppliedPositions(int partitions)
{
    private readonly Lock _lock = new();
    private readonly Position[] _highest = new Position[partitions];

    public void Note(int partition, Position applied)
    {
        lock (_lock)
        {
            if (applied > _highest[partition])
            {
                _highest[partition] = applied;
            }
        }
    }

    /// <summary>The loss, or null. Continues from the surviving positions.</summary>
    public Loss? Compare(HandshakeResult report)
    {
        Loss? loss = null;
        lock (_lock)
        {
            for (var p = 0; p < _highest.Length; p++)
            {
                if (_highest[p] <= report.Survived[p])
                {
                    continue;
                }

                loss = new((loss?.Count ?? 0) + 1, p, _highest[p], report.Survived[p]);
                _highest[p] = report.Survived[p];
            }
        }
        return loss;
    }
}

/// <summary>In how many partitions applied writes were lost, and one of them.</summary>
internal sealed record Loss(int Count, int Partition, Position Applied, Position Survived);

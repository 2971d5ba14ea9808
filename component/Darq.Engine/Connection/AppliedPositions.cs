using Darq.Engine.Core;

namespace Darq.Engine.Connection;

/// <summary>
/// The highest applied position of each partition that a reply to this process named. A handshake compares them with the positions
/// that survived a change of the Redis process: a higher one means that applied writes were lost. Of those it knows how far they are
/// durable. Bounded: four number pairs per partition.
/// </summary>
/// <param name="partitions">How many there are.</param>
/// <param name="lost">
/// Hears of a loss that no handshake could see, because the reply came before it and was read after it. Returns at once, does not throw.
/// </param>
internal sealed class AppliedPositions(int partitions, Action<Loss>? lost = null)
{
    private readonly Lock _lock = new();
    private readonly Position[] _highest = new Position[partitions];
    private readonly Position[] _survived = new Position[partitions];
    private readonly Position[] _durable = new Position[partitions];

    // Of each partition the highest position of a loss that no handshake saw.
    private readonly Position[] _late = new Position[partitions];
    private long _worldLine;
    private long _previousWorldLine = -1;

    public void Note(int partition, Position applied)
    {
        Loss? late = null;
        lock (_lock)
        {
            // A repeated step names the position of a world-line that this process may never have seen.
            if (applied.WorldLine == _previousWorldLine && applied > _survived[partition])
            {
                // Once: what is read again and again came back by hand.
                late = applied > _late[partition] ? new(1, partition, applied, _survived[partition]) : null;
                _late[partition] = Position.Max(_late[partition], applied);
            }
            else if (applied > _highest[partition])
            {
                _highest[partition] = applied;
            }
        }
        if (late is not null)
        {
            lost?.Invoke(late);
        }
    }

    /// <summary>All of them at this moment, for <see cref="Confirm"/>.</summary>
    public Position[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _highest];
        }
    }

    /// <summary>The partitions of which a reply named a position, with the highest one and how far they are known to be durable.</summary>
    public IReadOnlyList<(int Partition, Position Applied, Position Durable)> Watermarks()
    {
        lock (_lock)
        {
            return
            [
                .. Enumerable
                    .Range(0, _highest.Length)
                    .Where(partition => _highest[partition] != default)
                    .Select(partition => (partition, _highest[partition], _durable[partition])),
            ];
        }
    }

    /// <summary>What was applied when the snapshot was taken is durable.</summary>
    public void Confirm(Position[] snapshot)
    {
        lock (_lock)
        {
            for (var p = 0; p < snapshot.Length; p++)
            {
                // A loss that came between the two has taken the position back.
                _durable[p] = Position.Min(Position.Max(_durable[p], snapshot[p]), _highest[p]);
            }
        }
    }

    /// <summary>Whether a write at this position is known to be durable.</summary>
    public bool IsDurable(int partition, Position position)
    {
        lock (_lock)
        {
            return position <= _durable[partition];
        }
    }

    /// <summary>Whether what has this position is known to be there still.</summary>
    public bool Survives(int partition, Position position) => FateOf(partition, position) == Fate.There;

    /// <summary>
    /// What is known of a position: what is of the world-line that goes on is there, as is what survived the one before. Of older ones
    /// nothing is known.
    /// </summary>
    public Fate FateOf(int partition, Position position)
    {
        lock (_lock)
        {
            return position.WorldLine == _worldLine ? Fate.There
                : position.WorldLine != _previousWorldLine ? Fate.Unknown
                : position <= _survived[partition] ? Fate.There
                : Fate.Lost;
        }
    }

    /// <summary>The loss, or null. Continues from the surviving positions.</summary>
    /// <param name="report">What survived.</param>
    /// <param name="whenAsked">The snapshot from before Redis was asked for that.</param>
    public Loss? Compare(HandshakeResult report, Position[] whenAsked)
    {
        Loss? loss = null;
        lock (_lock)
        {
            var former = _worldLine;
            if (report.WorldLine != _worldLine)
            {
                (_previousWorldLine, _worldLine) = (_worldLine, report.WorldLine);
                // Another handshake in the same world-line says nothing of the one before.
                report.Survived.ToArray().CopyTo(_survived, 0);
            }

            for (var p = 0; p < _highest.Length; p++)
            {
                loss = Compare(p, former, report, whenAsked[p], loss);
            }
        }
        return loss;
    }

    /// <summary>The same for one partition, under the lock: the loss in those before it and in this one.</summary>
    private Loss? Compare(int partition, long former, HandshakeResult report, Position whenAsked, Loss? before)
    {
        var (highest, durable, survived) = (_highest[partition], _durable[partition], report.Survived[partition]);
        var isLost = IsLost(highest, whenAsked, survived, report.WorldLine);
        // Data that an operator replaced break no promise, nor does what is only forgotten, or came with values from elsewhere.
        var isOurs = durable.WorldLine <= former && report.Replaced is null && !report.Forgotten;
        var isBroken = isOurs && IsLost(durable, whenAsked, survived, report.WorldLine);
        if (isLost || highest.WorldLine > report.WorldLine)
        {
            _highest[partition] = survived;
        }

        _durable[partition] = isBroken ? survived : Position.Min(durable, _highest[partition]);
        return !isLost && !isBroken
            ? before
            : new((before?.Count ?? 0) + 1, partition, highest, survived) { IsBrokenPromise = isBroken || before?.IsBrokenPromise == true };
    }

    /// <summary>
    /// A position of the world-line that goes on was read before its handshake: it is newer than what survived of the one before. One that
    /// was noted after Redis was asked may be newer than its answer. But a server process that went back to an earlier state of itself
    /// loses what was noted before. One of a world-line that this Redis has not begun came with values from elsewhere.
    /// </summary>
    private static bool IsLost(Position known, Position whenAsked, Position survived, long worldLine) =>
        known > survived
        && (known.WorldLine < worldLine || (known.WorldLine == worldLine && survived.WorldLine == worldLine && whenAsked > survived));
}

/// <summary>What became of an applied position.</summary>
internal enum Fate
{
    Unknown,
    There,
    Lost,
}

/// <summary>In how many partitions applied writes were lost, and one of them.</summary>
internal sealed record Loss(int Count, int Partition, Position Applied, Position Survived)
{
    /// <summary>Whether some of them had been confirmed as durable.</summary>
    public bool IsBrokenPromise { get; init; }
}

using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Durability;

/// <summary>
/// Waits until positions are durable, or finds that they are lost; both stand for ever. The positions may be of any process and of any
/// world-line. Those that an app names are only looked up, never noted as applied: one that never was would be taken for a loss later.
/// </summary>
internal sealed class DurabilityBarrier(Primary primary, NamespaceOptions options)
{
    private readonly EndedWorldLines _ended = new(primary);

    /// <summary>Of the namespace; positions name one of them.</summary>
    public int Partitions => primary.Keys.Partitions;

    /// <summary>What is known of durability at the moment, without a call to Redis.</summary>
    public DurabilityStatus Status => DurabilityStatus.Of(primary, options);

    /// <summary>
    /// Waits as long as <paramref name="within"/> says, or as a call may take. Without positions it waits for all that was applied before.
    /// Throws <see cref="DarqException"/>: Unavailable where the time is over or Redis is away, Full where too many wait, Invalid for a
    /// position so old that its fate is forgotten. Cancelling ends the wait only. Safe to repeat.
    /// </summary>
    public async ValueTask<BarrierEnd> PassAsync(IReadOnlyList<WirePosition> positions, TimeSpan? within, CancellationToken cancellation)
    {
        var timeout = within ?? options.CallTimeout;
        using var deadline = new CancellationTokenSource(timeout, primary.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            while (true)
            {
                await primary.ReadyAsync(either.Token);
                if (await TryPassAsync(positions, either.Token) is { } end)
                {
                    return end;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new DarqException(
                ErrorCode.Unavailable,
                $"UNAVAILABLE: the barrier was not passed within {DurationText.Write(timeout)} "
                    + $"({primary.Watermark.WhyStalled ?? primary.Status.Why ?? "no confirmation in time"}); repeating it is safe."
            );
        }
    }

    /// <summary>
    /// Null where a recovery, or another level, came in between. A loss waits for its round, too: while the recovery that lost a position
    /// is on no replica, one that still has the position may be promoted.
    /// </summary>
    private async ValueTask<BarrierEnd?> TryPassAsync(IReadOnlyList<WirePosition> positions, CancellationToken cancellation)
    {
        // In this order: a recovery changes the count before it shows its world-line.
        var (worldLine, before) = (primary.WorldLine, primary.Watermark.Recoveries);
        if (Newer(positions, worldLine) is { } newer)
        {
            await FenceAsync(cancellation);
            return primary.WorldLine == worldLine ? throw NotBegun(newer) : null;
        }

        var lost = await LostAsync(positions, cancellation);
        var rung = await ConfirmAsync(before, cancellation);
        return rung is not null && primary.WorldLine == worldLine && primary.Watermark.Recoveries == before
            ? new(rung.IsDurable ? true : null, worldLine, rung.Level, lost)
            : null;
    }

    private async ValueTask<IReadOnlyList<WirePosition>> LostAsync(IReadOnlyList<WirePosition> positions, CancellationToken cancellation)
    {
        List<WirePosition> lost = [];
        Dictionary<(int, long), Position> asked = [];
        foreach (var position in positions)
        {
            var fate = primary.Applied.FateOf(position.Partition, position.Position);
            if (fate == Fate.Unknown)
            {
                var place = (position.Partition, position.Position.WorldLine);
                if (!asked.TryGetValue(place, out var survived))
                {
                    survived = await _ended.SurvivedAsync(place.Partition, place.WorldLine, cancellation) ?? throw Forgotten(position);
                    asked.Add(place, survived);
                }

                fate = position.Position <= survived ? Fate.There : Fate.Lost;
            }

            if (fate == Fate.Lost)
            {
                lost.Add(position);
            }
        }

        return lost;
    }

    /// <summary>
    /// The rung by which all that was applied before is as durable as it gets; null where it is to be found out anew. Where no rounds run
    /// a call of its own finds out whether Redis is still the process that it was; being a write, it is flushed after all earlier ones.
    /// </summary>
    private async ValueTask<DurabilityRung?> ConfirmAsync(RecoveryCount before, CancellationToken cancellation)
    {
        primary.Durable.ThrowIfFull();
        var rung = primary.Watermark.Rung;
        var end = await primary.Watermark.WaitAsync(before, cancellation);
        if (end == WaitEnd.NotNeeded)
        {
            await FenceAsync(cancellation);
        }

        return end != WaitEnd.Recovered && rung.NeedsRounds == (end == WaitEnd.Confirmed) && rung == primary.Watermark.Rung ? rung : null;
    }

    /// <summary>
    /// A call that waits for the handshake where Redis was recovered or has to be. A damaged header says nothing of that.
    /// </summary>
    private async ValueTask FenceAsync(CancellationToken cancellation)
    {
        for (var partition = 0; ; partition++)
        {
            try
            {
                var header = primary.Keys.PartitionHeader(partition);
                await primary.ReadAsync(() => new(FunctionLibrary.Function("tick"), header, [primary.WorldLine]), cancellation);
                return;
            }
            catch (DarqException refused) when (refused.Message.Contains("DAMAGED", StringComparison.Ordinal) && partition < Partitions - 1)
            { }
        }
    }

    private static WirePosition? Newer(IReadOnlyList<WirePosition> positions, long worldLine)
    {
        foreach (var position in positions)
        {
            if (position.Position.WorldLine > worldLine)
            {
                return position;
            }
        }

        return null;
    }

    private static DarqException NotBegun(WirePosition position) =>
        new(
            ErrorCode.Unavailable,
            $"UNAVAILABLE: position {position} is of a world-line that this Redis has not begun: it is of another namespace or Redis, or a "
                + "server answers that lags behind. Repeating the barrier is safe."
        );

    private static DarqException Forgotten(WirePosition position) =>
        new(
            ErrorCode.Invalid,
            $"INVALID: position {position} is too old: Redis has begun so many world-lines since that it is not known any more whether it "
                + "was lost; accepted: positions of the last 64."
        );
}

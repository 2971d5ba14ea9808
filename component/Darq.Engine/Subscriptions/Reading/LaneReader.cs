using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Reading;

/// <summary>Reads pages of streams ahead of delivery, one at a time.</summary>
internal sealed class LaneReader(GuardedCore core, Primary primary, ReleaseGate gate, string topic, ILogger log)
{
    private const string WrongType = "WRONGTYPE";

    /// <summary>Reads one page. Throws what Redis throws; the page is then read again.</summary>
    /// <param name="more">Called when there was one to read: another reader may find another.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<TimeSpan> ReadAsync(Action more, CancellationToken cancellation)
    {
        if (core.Apply(0, static (core, _, _) => core.NextRead()) is not { } read)
        {
            return SupervisedLoop.NothingToDo;
        }

        more();
        ReadEntry[]? entries = null;
        try
        {
            entries = await ReadAsync(read, cancellation);
        }
        catch (RedisRefusedException refused) when (refused.Code == WrongType)
        {
            // The tails, which are asked for once a second, name the damage and say when it is over.
            core.Apply(read, static (core, read, _) => core.OnUnreadable(read));
        }
        finally
        {
            core.Apply((read, entries), static (core, done, _) => core.OnRead(done.read, done.entries));
        }
        return TimeSpan.Zero;
    }

    /// <summary>
    /// Null where another server process answered, or Redis lost something meanwhile: what it has is looked at after a recovery.
    /// </summary>
    private async Task<ReadEntry[]?> ReadAsync(StreamRead read, CancellationToken cancellation)
    {
        await primary.ReadyAsync(cancellation);
        var (lane, after, before) = (read.Lane, read.After.ToString(), gate.Recoveries);
        var slice = await primary.ReadStreamAsync(lane.Partition, Keys.Encode(topic), after, read.PageMax, cancellation);
        if (slice.ReplicationId != primary.ReplicationId)
        {
            primary.Invalidate(Invalidation.NeedsRecovery);
            return null;
        }

        ReadEntry[] entries = [.. slice.Entries.Select(entry => Parse(lane.Partition, entry))];
        // If Redis loses what an app was given, that is a loss for this process too, though another published it.
        if (Array.FindLast(entries, entry => entry.Message is not null).Message is { } last)
        {
            primary.Applied.Note(lane.Partition, last.Position);
            return await gate.PassAsync(before, lane.Partition, last.Position, cancellation) ? entries : null;
        }

        return entries;
    }

    /// <summary>A damaged entry is left where it is, pending, for somebody to look at; the others go on.</summary>
    private ReadEntry Parse(int partition, StreamEntry entry)
    {
        try
        {
            return new(Position.Parse(entry.Id), Message.Read(partition, entry));
        }
        catch (Exception damaged) when (damaged is FormatException or OverflowException)
        {
            log.EntryWasDamaged(topic, partition, entry.Id, damaged.Message);
            return new(Position.Parse(entry.Id), null);
        }
    }
}

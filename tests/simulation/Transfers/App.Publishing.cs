using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Tests.Shared.History;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>What the app does of its own accord: it publishes, and it counts.</summary>
internal sealed partial class App
{
    private async Task PublishAllAsync(string key)
    {
        while (!Stopping && _bank.Next(key) is { } transfer)
        {
            await PublishNoteAsync(transfer);
            if (_random.Next(2) == 0)
            {
                await Task.WhenAll(PublishAsync(transfer), PublishAsync(transfer));
            }
            else
            {
                await PublishAsync(transfer);
                await PublishAsync(transfer);
            }
            await PublishNoteAsync(transfer);
            _bank.Accepted(transfer);
            await PublishAsync(_random.GetItems(_bank.Transfers[key][..(int)transfer.Number], 1)[0]);
            // Traffic for about half of the storm.
            await PauseAsync(_random.Next(3) == 0 ? 4000 : 400);
        }
    }

    /// <summary>Publishes a message that has an id and no key until it is accepted.</summary>
    private async Task PublishNoteAsync(Transfer transfer)
    {
        var metadata = new Dictionary<string, string> { ["darq.id"] = transfer.Id, ["ttlInSeconds"] = "3600" };
        while (true)
        {
            var losses = _world.Durability.Losses;
            try
            {
                var published = await _publisher!.PublishAsync(
                    "notes",
                    [new PublishEntry(transfer.ToBytes(), metadata)],
                    CancellationToken.None
                );
                var place = PlaceOf(published[0]);
                if (!IsFlushed("notes", transfer, losses))
                {
                    continue;
                }

                if (!_bank.Notes.Accept(transfer.Id, place))
                {
                    throw new InvalidOperationException($"the note on {transfer.Id} was accepted a second time, as {place}");
                }

                return;
            }
            catch (DarqException refused) when (IsPassing(refused))
            {
                await PauseAsync(300);
            }
        }
    }

    private static string PlaceOf(Published message) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{message.Partition}-{message.StreamId}");

    /// <summary>Publishes until it is accepted. The history says UNKNOWN until the answer comes, because it may never come.</summary>
    private async Task PublishAsync(Transfer transfer)
    {
        var metadata = new Dictionary<string, string> { ["darq.id"] = transfer.Id, ["partitionKey"] = transfer.Key };
        var sent = transfer.Event(EventKind.Published, Name) with
        {
            Outcome = "UNKNOWN",
            Changes = new Dictionary<string, long> { [transfer.From] = -transfer.Amount, [transfer.To] = transfer.Amount },
        };
        while (true)
        {
            var losses = _world.Durability.Losses;
            _bank.Record(sent);
            try
            {
                var published = await _publisher!.PublishAsync(
                    "transfers",
                    [new PublishEntry(transfer.ToBytes(), metadata)],
                    CancellationToken.None
                );
                if (!IsFlushed("transfers", transfer, losses))
                {
                    continue;
                }

                _bank.Record(sent with { Outcome = "OK", Position = PlaceOf(published[0]) });
                return;
            }
            catch (DarqException refused) when (IsPassing(refused))
            {
                await PauseAsync(300);
            }
        }
    }

    /// <summary>Whether the error goes by itself: Redis is away, or refuses for a while.</summary>
    private bool IsPassing(DarqException refused) =>
        refused.Code == ErrorCode.Unavailable || _world.MayRefuse && refused.Code is ErrorCode.Full or ErrorCode.Misconfigured;

    /// <summary>
    /// The message counts as flushed to disk from now on; false where Redis has lost something meanwhile, and it has to be published again.
    /// </summary>
    private bool IsFlushed(string topic, Transfer transfer, int losses)
    {
        if (losses != _world.Durability.Losses)
        {
            return false;
        }

        _world.Durability.Flush(topic, transfer.Id);
        return true;
    }

    /// <summary>
    /// Counts by itself, each write guarded by the etag of the one before. No one else writes there, so a conflict means that
    /// a write was executed twice. After an unknown outcome, which may still come true later, it counts elsewhere.
    /// </summary>
    private async Task CountAsync()
    {
        var losses = _world.Durability.Losses;
        for (var (place, count) = (0, 0); !Stopping && _bank.Transfers.Keys.Any(key => _bank.Next(key) is not null); count++)
        {
            if (losses != _world.Durability.Losses)
            {
                (losses, place, count) = (_world.Durability.Losses, place + 1, 0);
            }

            var key = $"{Name}-{place}";
            try
            {
                var read = await ReadAsync([key]);
                if (read[0].Number != count && losses == _world.Durability.Losses)
                {
                    throw new InvalidOperationException($"{key} is {read[0].Number} after {count} writes");
                }

                var write = _state!
                    .ApplyAsync(Upsert(key, count + 1, read[0].ETag) with { FirstWrite = count == 0 }, CancellationToken.None)
                    .AsTask();
                if (_random.Next(3) == 0)
                {
                    await RefusedAsync(() => _state.ApplyAsync(Damaging(), CancellationToken.None).AsTask());
                }

                await write;
            }
            catch (DarqException refused) when (IsPassing(refused) || losses != _world.Durability.Losses)
            {
                (place, count) = (place + 1, -1);
            }
            await PauseAsync(200);
        }
    }

    /// <summary>A write of what somebody else has damaged, in one batch with others perhaps, can only be refused.</summary>
    private static async Task RefusedAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (DarqException refused)
        {
            if (refused.Code == ErrorCode.Misconfigured && !refused.Message.Contains("WRONGTYPE", StringComparison.Ordinal))
            {
                throw;
            }

            return;
        }
        throw new InvalidOperationException("a write of the damaged key was answered with success");
    }

    private static StateOperation Damaging() => Upsert(Bank.DamagedKey, 1, "1-1");
}

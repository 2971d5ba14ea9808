using System.Globalization;
using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared.History;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>The app's handlers: each returns whether it succeeded.</summary>
internal sealed partial class App
{
    private async Task<bool> TransferAsync(Delivery delivery)
    {
        var transfer = Transfer.Parse(delivery.Data);
        await PauseAsync(_random.Next(20) == 0 ? 3000 : 30);
        // A handler may fail before its step, in which case the step must come later, or after it, when nothing may come of it.
        MayThrow("before its step");
        if (_random.Next(15) == 0 || !await StepAsync(transfer, delivery.Token))
        {
            return false;
        }

        if (_world.Has(Hazards.SuffixLoss))
        {
            // Some answer long after Redis has forgotten what they speak of.
            await PauseAsync(_world.MayCrash(transfer) ? 8000 : 100);
        }

        MayThrow("after its step");
        return _random.Next(15) > 0;
    }

    /// <summary>
    /// A group whose only answer is the acknowledgement. It works slowly, so that it falls behind the other; and more so at a further
    /// attempt, so that the late answer of an earlier one comes while it is at work.
    /// </summary>
    private async Task<bool> WatchAsync(Delivery delivery)
    {
        var attempt = int.Parse(Metadata(delivery, "darq-attempt"), CultureInfo.InvariantCulture);
        await PauseAsync(attempt > 1 && _world.Has(Hazards.SilentHandlers) ? 1500 : 300);
        MayThrow("at a message that it watches");
        return !_bank.IsPoison(Transfer.Parse(delivery.Data)) && (attempt >= Bank.MaxDeliveries || _random.Next(6) > 0);
    }

    /// <summary>What the watchers gave up.</summary>
    private Task<bool> TakeDeadLetterAsync(Delivery delivery)
    {
        var transfer = Transfer.Parse(delivery.Data);
        if (!_bank.DeadLetter(transfer, Metadata(delivery, "darq-id"), Metadata(delivery, WireNames.DeadReason)))
        {
            throw new InvalidOperationException($"{transfer.Id} died twice");
        }

        return Task.FromResult(_random.Next(10) > 0);
    }

    private Task<bool> ConfirmAsync(Delivery delivery)
    {
        using var data = JsonDocument.Parse(delivery.Data);
        var id = data.RootElement.GetProperty("data").GetProperty("transfer").GetString();
        _bank.Record(
            new(EventKind.Receipt)
            {
                Id = id,
                Position = Metadata(delivery, "darq-id"),
                Process = Name,
            }
        );
        return Task.FromResult(_random.Next(10) > 0);
    }

    private async Task<bool> ReadNoteAsync(Delivery delivery)
    {
        await PauseAsync(20);
        _bank.Notes.Read(Transfer.Parse(delivery.Data).Id);
        return _random.Next(15) > 0;
    }

    private void MayThrow(string when)
    {
        if (_world.Has(Hazards.ThrowingHandlers) && _world.Weather.Stormy && _random.Next(12) == 0)
        {
            throw new HandlerException(when);
        }
    }

    private async Task<bool> StepAsync(Transfer transfer, string token)
    {
        while (true)
        {
            var outcome = "UNKNOWN";
            long? previous = null;
            var damaging = _random.Next(8) == 0;
            try
            {
                var read = await ReadAsync([transfer.From, transfer.To, Bank.NumberKey(transfer.Key)]);
                previous = read[2].Number;
                await PauseAsync(10);
                StateOperation[] writes =
                [
                    Upsert(transfer.From, read[0].Number - transfer.Amount, read[0].ETag),
                    Upsert(transfer.To, read[1].Number + transfer.Amount, read[1].ETag),
                    Upsert(Bank.NumberKey(transfer.Key), transfer.Number, read[2].ETag) with
                    {
                        FirstWrite = read[2].ETag is null,
                    },
                ];
                var result = await _steps!.TransactAsync(
                    damaging ? [.. writes, Damaging()] : writes,
                    Receipt(transfer, token),
                    CancellationToken.None
                );
                outcome = result.Duplicate ? "DUPLICATE" : "OK";
            }
            catch (DarqException refused)
            {
                outcome = refused.Code == ErrorCode.Unavailable ? outcome : refused.Code.ToString().ToUpperInvariant();
            }
            _bank.Record(transfer.Event(EventKind.Stepped, Name) with { Group = Bank.Movers, Outcome = outcome, Previous = previous });
            switch (outcome)
            {
                // Redis refuses it for a while; that comes to an end.
                case "FULL" or "MISCONFIGURED" when _world.MayRefuse:
                    await PauseAsync(200);
                    break;
                // What touches the damaged key is refused as a whole; the step then comes without it.
                case "OK" when damaging:
                    throw new InvalidOperationException($"the step of {transfer.Id} wrote the damaged key");
                case "MISCONFIGURED" when damaging:
                    break;
                // An app that lost its answer asks again, with the same token and what it reads by then.
                case "OK" when _random.Next(5) == 0:
                    break;
                case "OK" or "DUPLICATE":
                    return true;
                case "FENCED":
                    return false;
                case "CONFLICT":
                    break;
                case "UNKNOWN":
                    await PauseAsync(200);
                    break;
                // STALE too: results are kept for longer than a storm lasts.
                default:
                    throw new InvalidOperationException($"the step of {transfer.Id} was answered {outcome}");
            }
        }
    }

    /// <summary>The metadata of a step that consumes a delivery and emits a receipt of it.</summary>
    private static Dictionary<string, string> Receipt(Transfer transfer, string token) =>
        new()
        {
            ["darq.token"] = token,
            ["darq.emit"] = JsonSerializer.Serialize(
                new[]
                {
                    new
                    {
                        topic = "receipts",
                        data = new { transfer = transfer.Id },
                        key = transfer.Key,
                    },
                }
            ),
        };
}

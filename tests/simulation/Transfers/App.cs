using System.Globalization;
using System.Text;
using System.Text.Json;
using Darq.Lanes;
using Darq.Partitions;
using Darq.Publishing;
using Darq.Redis;
using Darq.State;
using Darq.Steps;
using Darq.Tests.Shared.History;
using Darq.Tests.Simulation.Scheduling;
using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// One simulated process: the component's real code and, beside it, the app that uses it. The app publishes the transfers
/// of its keys, each twice, executes transfers as steps, and watches the receipts. At times it is slow, fails, or stops.
/// </summary>
internal sealed class App
{
    private readonly Simulation _world;
    private readonly Bank _bank;
    private readonly SimulatedProcess _process;
    private readonly Random _random;
    private readonly string[] _keys;
    private readonly bool _serial;
    private readonly List<FakeRedis> _connections = [];
    private StateStore? _state;
    private Stepper? _stepper;
    private Publisher? _publisher;

    public App(Simulation world, string name, string[] keys)
    {
        (_world, _bank, _keys) = (world, world.Bank, keys);
        _process = new SimulatedProcess(world.Loop, name);
        _random = new Random(world.Random.Next());
        _serial = _random.Next(2) == 0;
    }

    public string Name => _process.Name;

    public bool Paused => _process.Paused;

    public bool Alive => _process.Alive;

    public void Start() => _process.Start(StartAsync);

    public void Pause() => _process.Pause();

    public void Resume() => _process.Resume();

    public void Kill()
    {
        _process.Kill();
        _connections.ForEach(connection => connection.Cut());
    }

    public void CutConnection() => _connections.ForEach(connection => connection.Cut());

    /// <summary>Opens the accounts; runs before anything else does.</summary>
    public void OpenAccounts(Action done) => _process.Start(async () =>
    {
        foreach (var account in _bank.Accounts)
        {
            await _state!.ApplyAsync(Upsert(account, Bank.Opening, etag: null), CancellationToken.None);
            _bank.Record(new(EventKind.Opened) { Account = account, Amount = Bank.Opening });
        }
        done();
    });

    /// <summary>Reads what is in effect at the end.</summary>
    public void ReadFinals(Action done) => _process.Start(async () =>
    {
        var amounts = await ReadAsync(_bank.Accounts);
        for (var i = 0; i < amounts.Length; i++)
            _bank.Record(new(EventKind.Final) { Account = _bank.Accounts[i], Amount = amounts[i].Number });
        string[] keys = [.. _bank.Transfers.Keys];
        var numbers = await ReadAsync([.. keys.Select(Bank.NumberKey)]);
        for (var i = 0; i < numbers.Length; i++)
            _bank.Record(new(EventKind.Final) { Key = keys[i], Number = numbers[i].Number });
        done();
    });

    public void Publish()
    {
        foreach (var key in _keys)
            _process.Start(() => PublishAllAsync(key));
        _process.Start(CountAsync);
    }

    private Task StartAsync()
    {
        var options = _world.Namespace;
        var logs = new Trace(_world, Name);
        var primary = new Primary(Connect(), options, _process.Time, _random, logs);
        var subscriptions = new Subscriptions(primary, _process.Time, _random, logs);
        _state = new(primary, options);
        _publisher = new(primary, options);
        _stepper = new(primary, subscriptions, options, _process.Time, _random, logs.CreateLogger("Darq.Steps"));
        Subscribe(subscriptions, Bank.Movers, "transfers", TransferAsync);
        Subscribe(subscriptions, Bank.Watchers, "transfers", WatchAsync);
        Subscribe(subscriptions, "audit", "receipts", ConfirmAsync);
        return Task.CompletedTask;
    }

    private FakeRedis Connect()
    {
        var connection = new FakeRedis(_world.Loop, _process, _world.Server, _world.Weather, new RedisOptions { Host = "fake" }.CallTimeout);
        _connections.Add(connection);
        return connection;
    }

    private void Subscribe(Subscriptions subscriptions, string group, string topic, Func<Delivery, Task<bool>> handle)
    {
        var sink = new Sink(_process, _serial, handle);
        var options = new SubscriptionOptions { Concurrent = !_serial, MaxInFlight = 4 };
        sink.Stream = subscriptions.Attach(group, topic, options, sink);
    }

    private async Task PublishAllAsync(string key)
    {
        while (_bank.Next(key) is { } transfer)
        {
            if (_random.Next(2) == 0)
            {
                await Task.WhenAll(PublishAsync(transfer), PublishAsync(transfer));
            }
            else
            {
                await PublishAsync(transfer);
                await PublishAsync(transfer);
            }
            _bank.Accepted(transfer);
            await PauseAsync(400);
        }
    }

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
            _bank.Record(sent);
            try
            {
                var published = await _publisher!.PublishAsync("transfers", [new PublishEntry(transfer.ToBytes(), metadata)], CancellationToken.None);
                _bank.Record(sent with { Outcome = "OK", Position = published[0].Id });
                return;
            }
            catch (DarqException refused) when (refused.Refusal == Refusal.Unavailable)
            {
                await PauseAsync(300);
            }
        }
    }

    /// <summary>
    /// Counts by itself, each write guarded by the etag of the one before. No one else writes there, so a conflict means that
    /// a write was executed twice. After an unknown outcome, which may still come true later, it counts elsewhere.
    /// </summary>
    private async Task CountAsync()
    {
        for (var (place, count) = (0, 0); _bank.Transfers.Keys.Any(key => _bank.Next(key) is not null); count++)
        {
            var key = $"{Name}-{place}";
            try
            {
                var read = await ReadAsync([key]);
                if (read[0].Number != count)
                    throw new InvalidOperationException($"{key} is {read[0].Number} after {count} writes");
                await _state!.ApplyAsync(Upsert(key, count + 1, read[0].ETag) with { FirstWrite = count == 0 }, CancellationToken.None);
            }
            catch (DarqException refused) when (refused.Refusal == Refusal.Unavailable)
            {
                (place, count) = (place + 1, -1);
            }
            await PauseAsync(200);
        }
    }

    private async Task<bool> TransferAsync(Delivery delivery)
    {
        var transfer = Transfer.Parse(delivery.Data);
        var line = Delivered(transfer, delivery, Bank.Movers);
        await PauseAsync(_random.Next(20) == 0 ? 3000 : 30);
        // A handler may fail before its step, in which case the step must come later, or after it, when nothing may come of it.
        var succeeded = _random.Next(15) > 0 && await StepAsync(transfer, delivery.Token) && _random.Next(15) > 0;
        _bank.Record(line with { Kind = succeeded ? EventKind.Acked : EventKind.Nacked });
        return succeeded;
    }

    /// <summary>A group whose only answer is the acknowledgement. It works slowly, so that it falls behind the other.</summary>
    private async Task<bool> WatchAsync(Delivery delivery)
    {
        var line = Delivered(Transfer.Parse(delivery.Data), delivery, Bank.Watchers);
        await PauseAsync(300);
        var succeeded = _random.Next(15) > 0;
        _bank.Record(line with { Kind = succeeded ? EventKind.Acked : EventKind.Nacked });
        return succeeded;
    }

    private HistoryEvent Delivered(Transfer transfer, Delivery delivery, string group)
    {
        var attempt = int.Parse(Metadata(delivery, "darq-attempt"), CultureInfo.InvariantCulture);
        var line = transfer.Event(EventKind.Delivered, Name) with { Group = group, Attempt = attempt };
        _bank.Record(line);
        return line;
    }

    private async Task<bool> StepAsync(Transfer transfer, string token)
    {
        while (true)
        {
            var outcome = "UNKNOWN";
            long? previous = null;
            try
            {
                var read = await ReadAsync([transfer.From, transfer.To, Bank.NumberKey(transfer.Key)]);
                previous = read[2].Number;
                await PauseAsync(10);
                StateOperation[] writes =
                [
                    Upsert(transfer.From, read[0].Number - transfer.Amount, read[0].ETag),
                    Upsert(transfer.To, read[1].Number + transfer.Amount, read[1].ETag),
                    Upsert(Bank.NumberKey(transfer.Key), transfer.Number, read[2].ETag) with { FirstWrite = read[2].ETag is null },
                ];
                var metadata = new Dictionary<string, string>
                {
                    ["darq.token"] = token,
                    ["darq.emit"] = JsonSerializer.Serialize(new[] { new { topic = "receipts", data = new { transfer = transfer.Id }, key = transfer.Key } }),
                };
                var result = await _stepper!.TransactAsync(writes, metadata, CancellationToken.None);
                outcome = result.Duplicate ? "DUPLICATE" : "OK";
            }
            catch (DarqException refused)
            {
                outcome = refused.Refusal == Refusal.Unavailable ? outcome : refused.Refusal.ToString().ToUpperInvariant();
            }
            _bank.Record(transfer.Event(EventKind.Stepped, Name) with { Group = Bank.Movers, Outcome = outcome, Previous = previous });
            switch (outcome)
            {
                // An app that lost its answer asks again, with the same token and what it reads by then.
                case "OK" when _random.Next(5) == 0: break;
                case "OK" or "DUPLICATE": return true;
                case "FENCED": return false;
                case "CONFLICT": break;
                case "UNKNOWN": await PauseAsync(200); break;
                // STALE too: results are kept for longer than a storm lasts.
                default: throw new InvalidOperationException($"the step of {transfer.Id} was answered {outcome}");
            }
        }
    }

    private Task<bool> ConfirmAsync(Delivery delivery)
    {
        using var data = JsonDocument.Parse(delivery.Data);
        var id = data.RootElement.GetProperty("data").GetProperty("transfer").GetString();
        _bank.Record(new(EventKind.Receipt) { Id = id, Position = Metadata(delivery, "darq-id"), Process = Name });
        return Task.FromResult(_random.Next(10) > 0);
    }

    private async Task<(long Number, string? ETag)[]> ReadAsync(string[] keys)
    {
        var values = await _state!.GetAsync([.. keys.Select(key => new StateKey(key))], CancellationToken.None);
        return [.. values.Select(value => (value.ETag is null ? 0 : long.Parse(value.Data.Span, CultureInfo.InvariantCulture), value.ETag))];
    }

    private static StateOperation Upsert(string key, long number, string? etag) =>
        new(StateChange.Upsert, new StateKey(key)) { Value = Encoding.ASCII.GetBytes($"{number}"), ETag = etag };

    private static string Metadata(Delivery delivery, string name) => delivery.Metadata.First(pair => pair.Key == name).Value;

    private Task PauseAsync(int mostMilliseconds) => Task.Delay(TimeSpan.FromMilliseconds(_random.Next(mostMilliseconds)), _process.Time);

    /// <summary>Hands deliveries to the handler as a sidecar would: all at once, or one after the other.</summary>
    private sealed class Sink(SimulatedProcess process, bool serial, Func<Delivery, Task<bool>> handle) : IDeliverySink
    {
        public DeliveryStream? Stream { get; set; }

        public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            if (serial)
                await AnswerAsync(delivery);
            else
                process.Start(() => AnswerAsync(delivery));
        }

        private async Task AnswerAsync(Delivery delivery)
        {
            if (await handle(delivery))
                Stream!.Ack(delivery.Token);
            else
                Stream!.Nack(delivery.Token);
        }
    }
}

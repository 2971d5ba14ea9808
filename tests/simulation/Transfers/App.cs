using System.Globalization;
using System.Text;
using Darq.Component.Instances;
using Darq.Engine.Connection;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared.History;
using Darq.Tests.Simulation.Scheduling;
using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// One simulated process: the component's real code and, beside it, the app that uses it. The app publishes the transfers
/// of its keys and a note on each, everything twice, executes transfers as steps, and watches what comes of them. At times
/// it is slow, fails, loses a stream, or stops.
/// </summary>
internal sealed partial class App
{
    private readonly Simulation _world;
    private readonly Bank _bank;
    private readonly SimulatedProcess _process;
    private readonly Random _random;
    private readonly string[] _keys;
    private readonly bool _serial;
    private readonly List<FakeRedis> _connections = [];
    private readonly List<Sink> _sinks = [];
    private Func<Sink, DeliveryStream>? _attach;
    private Func<Task>? _dispose;
    private StateStore? _state;
    private StepExecutor? _steps;
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

    public bool Stopping { get; private set; }

    public void Start() => _process.Start(StartAsync);

    public void Pause() => _process.Pause();

    public void Resume() => _process.Resume();

    public void Kill()
    {
        _process.Kill();
        _world.AtWork.EndAll(Name);
        CutConnection();
    }

    public void CutConnection() => _connections.ForEach(connection => connection.Cut());

    /// <summary>An end as a component ends that is asked to: nothing new is delivered, handlers may finish, all is given up.</summary>
    public void Stop(Action done)
    {
        Stopping = true;
        _process.Start(async () =>
        {
            _sinks.ForEach(sink => sink.Stream!.Pause());
            for (var looks = 0; looks < 100 && _sinks.Exists(sink => sink.IsBusy); looks++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), _process.Time);
            }

            foreach (var sink in _sinks.ToArray())
            {
                await EndAsync(sink);
            }

            await _dispose!();
            Kill();
            done();
        });
    }

    /// <summary>One of the streams is lost, as if its sidecar had died, and is there again later.</summary>
    public void LoseStream(TimeSpan length) =>
        _process.Start(async () =>
        {
            if (_sinks.Count == 0)
            {
                return;
            }

            var lost = _sinks[_random.Next(_sinks.Count)];
            await EndAsync(lost);
            await Task.Delay(length, _process.Time);
            if (!Stopping)
            {
                Attach(lost.Again());
            }
        });

    /// <summary>Opens the accounts; runs before anything else does.</summary>
    public void OpenAccounts(Action done) =>
        _process.Start(async () =>
        {
            foreach (var account in _bank.Accounts)
            {
                await _state!.ApplyAsync(Upsert(account, Bank.Opening, etag: null), CancellationToken.None);
                _bank.Record(new(EventKind.Opened) { Account = account, Amount = Bank.Opening });
            }
            done();
        });

    /// <summary>Reads what is in effect at the end.</summary>
    public void ReadFinals(Action done) =>
        _process.Start(async () =>
        {
            var amounts = await ReadAsync(_bank.Accounts);
            for (var i = 0; i < amounts.Length; i++)
            {
                _bank.Record(new(EventKind.Final) { Account = _bank.Accounts[i], Amount = amounts[i].Number });
            }

            string[] keys = [.. _bank.Transfers.Keys];
            var numbers = await ReadAsync([.. keys.Select(Bank.NumberKey)]);
            for (var i = 0; i < numbers.Length; i++)
            {
                _bank.Record(new(EventKind.Final) { Key = keys[i], Number = numbers[i].Number });
            }

            done();
        });

    /// <summary>Begins to publish and to count.</summary>
    public void Work()
    {
        foreach (var key in _keys)
        {
            _process.Start(() => PublishAllAsync(key));
        }

        _process.Start(CountAsync);
    }

    private Task StartAsync()
    {
        var options = _world.Namespace;
        var logs = new Trace(_world, Name);
        var primary = new Primary(Connect(), options, _process.Time, _random, logs);
        var subscriptions = new SubscriptionTable(primary, _process.Time, _random, logs);
        _dispose = async () => await new SharedEngine(primary, subscriptions).DisposeAsync();
        _attach = sink => subscriptions.Attach(sink.Group, sink.Topic, OptionsOf(sink.Group), sink);
        _state = new(primary, options);
        _publisher = new(primary, options);
        _steps = new(primary, subscriptions, options, _process.Time, _random, logs.CreateLogger("Darq.Engine.Steps"));
        Subscribe(Bank.Movers, "transfers", TransferAsync);
        Subscribe(Bank.Watchers, "transfers", WatchAsync);
        Subscribe("audit", "receipts", ConfirmAsync);
        Subscribe("readers", "notes", ReadNoteAsync);
        Subscribe("undertaker", Bank.DeadLetters, BuryAsync);
        return Task.CompletedTask;
    }

    private FakeRedis Connect()
    {
        var connection = new FakeRedis(
            _world.Loop,
            _process,
            _world.Server,
            _world.Weather,
            new RedisOptions { Host = "fake" }.CallTimeout
        );
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Serial apps park at every failure, others at some. Only the watchers give a message up.</summary>
    private SubscriptionOptions OptionsOf(string group) =>
        new()
        {
            Concurrent = !_serial,
            MaxInFlight = 4,
            RetryDelay = TimeSpan.FromMilliseconds(group == Bank.Watchers ? 600 : 200),
            MaxRetryDelay = TimeSpan.FromSeconds(3),
            RetryQueueAfter = TimeSpan.FromMilliseconds(_serial ? 0 : 300),
            MaxDeliveries = group == Bank.Watchers ? Bank.MaxDeliveries : 0,
        };

    private void Subscribe(string group, string topic, Func<Delivery, Task<bool>> handle) =>
        Attach(new(_world, _process, _serial, group, topic, handle));

    private void Attach(Sink sink)
    {
        sink.Stream = _attach!(sink);
        _sinks.Add(sink);
    }

    private async Task EndAsync(Sink sink)
    {
        _sinks.Remove(sink);
        sink.Abandon();
        await sink.Stream!.DisposeAsync();
    }

    private async Task<(long Number, string? ETag)[]> ReadAsync(string[] keys)
    {
        var values = await _state!.GetAsync([.. keys.Select(key => new StateKey(key))], CancellationToken.None);
        return
        [
            .. values.Select(value => (value.ETag is null ? 0 : long.Parse(value.Data.Span, CultureInfo.InvariantCulture), value.ETag)),
        ];
    }

    private static StateOperation Upsert(string key, long number, string? etag) =>
        new(StateChange.Upsert, new StateKey(key)) { Value = Encoding.ASCII.GetBytes($"{number}"), ETag = etag };

    private static string Metadata(Delivery delivery, string name) => delivery.Metadata.First(pair => pair.Key == name).Value;

    private Task PauseAsync(int mostMilliseconds) => Task.Delay(TimeSpan.FromMilliseconds(_random.Next(mostMilliseconds)), _process.Time);
}

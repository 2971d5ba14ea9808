using System.Globalization;
using System.Text;
using Darq.Component.Instances;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Darq.Tests.Shared.History;
using Darq.Tests.Simulation.Fixtures;

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
    private readonly SteppedTime _clock;
    private readonly List<FakeRedis> _connections = [];
    private readonly List<Sidecar> _sidecars = [];

    // Of the movers, in the order in which they were opened.
    private readonly List<(Sink Sink, bool IsStepRequired)> _open = [];
    private Func<Sink, SubscriptionOptions, DeliveryStream>? _attach;
    private Func<DeliveryToken, bool>? _extend;
    private Func<Task>? _dispose;
    private StateStore? _state;
    private StepExecutor? _steps;
    private Publisher? _publisher;

    public App(Simulation world, string name, string[] keys)
    {
        (_world, _bank, _keys) = (world, world.Bank, keys);
        _process = new SimulatedProcess(world.Loop, name);
        _random = new Random(world.Random.Next());
        _clock = new SteppedTime(_process.Time);
        var isSerial = _random.Next(2) == 0;
        _sidecars.Add(new(world, this, _process, _random, name, isSerial));
        if (world.Has(Hazards.TwoSidecars))
        {
            _sidecars.Add(new(world, this, _process, _random, name + "b", !isSerial) { Neighbour = _sidecars[0] });
            _sidecars[0].Neighbour = _sidecars[1];
            world.Happened(Hazards.TwoSidecars, $"{name} has two sidecars");
        }
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
            _sidecars.ForEach(sidecar => sidecar.Pause());
            for (var looks = 0; looks < 100 && _sidecars.Exists(sidecar => sidecar.IsBusy); looks++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), _process.Time);
            }

            foreach (var sidecar in _sidecars)
            {
                await sidecar.EndAsync();
            }

            await _dispose!();
            Kill();
            done();
        });
    }

    /// <summary>One of the sidecars.</summary>
    public Sidecar AnySidecar() => _sidecars[_random.Next(_sidecars.Count)];

    /// <summary>The process's clock is set.</summary>
    public void StepClock(TimeSpan by) => _clock.Step(by);

    public DeliveryStream Attach(Sink sink, SubscriptionOptions options)
    {
        if (sink.Group == Bank.Movers)
        {
            _open.Add((sink, options.RequireStep));
        }

        return _attach!(sink, options);
    }

    public void Detach(Sink sink) => _open.RemoveAll(open => open.Sink == sink);

    /// <summary>Whether an acknowledgement alone ends no message of this subscription: the settings of its newest stream say so.</summary>
    public bool IsStepRequired(Sink sink) => sink.Group == Bank.Movers && _open is [.., { IsStepRequired: true }];

    /// <summary>Asks for more time for a delivery; false where it is not out.</summary>
    public bool Extend(string token) => DeliveryToken.TryParse(token, out var parsed) && _extend!(parsed);

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

    /// <summary>Publishes all transfers once more, late: none of them is a new message.</summary>
    public void RepeatAll(Action done) =>
        _process.Start(async () =>
        {
            foreach (var transfer in _bank.Transfers.Values.SelectMany(list => list))
            {
                await PublishAsync(transfer);
            }

            done();
        });

    /// <summary>Publishes a note beside those on the transfers.</summary>
    public void PublishNote(Transfer transfer) => _process.Start(() => PublishNoteAsync(transfer));

    /// <summary>Publishes what nobody consumes; the outcome is OK or the code of the error.</summary>
    public void TryPublish(Action<string> outcome) =>
        _process.Start(async () =>
        {
            try
            {
                var entry = new PublishEntry("drill"u8.ToArray(), new Dictionary<string, string>());
                await _publisher!.PublishAsync("drills", [entry], CancellationToken.None);
                outcome("OK");
            }
            catch (DarqException refused)
            {
                outcome(refused.Code.ToString());
            }
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
        var primary = new Primary(Connect(), options, _clock, _random, logs);
        var subscriptions = new SubscriptionTable(primary, _clock, _random, logs);
        _dispose = async () => await new SharedEngine(primary, subscriptions, _ => null).DisposeAsync();
        _attach = (sink, of) => subscriptions.Attach(sink.Group, sink.Topic, of, sink, sink.Sidecar.Presence);
        _extend = subscriptions.Extend;
        _state = new(primary, options);
        _publisher = new(primary, options);
        _steps = new(primary, subscriptions, options, _clock, _random, logs.CreateLogger("Darq.Engine.Steps"));
        foreach (var sidecar in _sidecars)
        {
            sidecar.Subscribe(Bank.Movers, "transfers", TransferAsync);
            sidecar.Subscribe(Bank.Watchers, "transfers", WatchAsync);
        }

        _sidecars[0].Subscribe("audit", "receipts", ConfirmAsync);
        _sidecars[0].Subscribe("readers", "notes", ReadNoteAsync);
        _sidecars[0].Subscribe("undertaker", Bank.DeadLetters, TakeDeadLetterAsync);
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

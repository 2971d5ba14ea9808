using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Simulation.Fixtures;

namespace Darq.Tests.Simulation.Durability;

/// <summary>
/// Two processes on a Redis with a replica publish numbers and show them outside. At times Redis comes back without what it had confirmed.
/// From then on nothing may be answered as durable or shown until an operator accepts that; what a process could not know has a grace of
/// some seconds. Losses of what was not confirmed hold nothing, and in the end all that was answered since is shown.
/// </summary>
internal sealed class HeldDrill : Drill
{
    private const int Crashes = 4;
    private const string Namespace = "{sim}:ns";

    /// <summary>Until then those hear of a loss who knew nothing that was lost.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(7);

    private readonly Random _random;
    private readonly SimulatedEngine[] _engines;
    private readonly HashSet<string> _answered = [];
    private readonly HashSet<string> _shown = [];

    // Of each process: from when on it may release nothing; null where it may.
    private readonly TimeSpan?[] _heldFrom = [null, null];
    private int _published;
    private bool _isOver;

    // Whether handlers take long, so that much of what was read waits.
    private bool _isSlow;

    public HeldDrill(int seed)
    {
        _random = new(seed);
        World.Replicate(true);
        var options = World.OnePartition with { Partitions = 2, Durability = new(DurabilityKind.Replicated, 1) };
        _engines = [World.Start(options), World.Start(options)];
    }

    public int Broken { get; private set; }

    /// <summary>What is wrong in a seed; null where nothing is.</summary>
    public static string? Judge(int seed) => JudgeAndDispose(new HeldDrill(seed));

    public override void Run()
    {
        for (var i = 0; i < _engines.Length; i++)
        {
            var (number, engine) = (i, _engines[i]);
            var sink = new Shown(this, number);
            // What is not out yet waits in the process.
            var options = new SubscriptionOptions { Concurrent = true, MaxInFlight = 2 };
            engine.Do(() => sink.Stream = engine.Subscriptions.Attach("g", "t", options, sink));
            engine.Do(() => _ = PublishAllAsync(number));
        }

        World.Run(seconds: 3);
        for (var crash = 0; crash < Crashes; crash++)
        {
            _isSlow = _random.Next(2) == 0;
            World.Run(seconds: 3 * _random.NextDouble());
            Crash();
            _isSlow = false;
        }

        World.Run(seconds: 20);
        _isOver = true;
        World.Run(seconds: 60);
        Faults.AddRange(_answered.Where(number => !_shown.Contains(number)).Select(number => $"{number} was answered and never shown"));
    }

    private void Crash()
    {
        var server = World.Server;
        var unconfirmed = server.JournaledCalls - server.Confirmed;
        var lost = _random.Next(3) == 0 ? _random.Next(unconfirmed + 1) : unconfirmed + 1 + _random.Next(6);
        server.Stop();
        // The word that something is confirmed may be on its way.
        World.Run(seconds: 0.01);
        var known = _engines.Select(engine => engine.Primary.Applied.Watermarks()).ToArray();
        var worldLines = _engines.Select(engine => engine.Primary.WorldLine).ToArray();
        server.Restart(lost);
        var survived = Enumerable.Range(0, 2).Select(SurvivedIn).ToArray();
        var notice = known.Select(of => of.Any(one => one.Durable > survived[one.Partition])).ToArray();
        if (!notice.Contains(true))
        {
            World.Run(Grace.TotalSeconds);
            Faults.AddRange(
                _engines.Where(engine => engine.Primary.IsHeld).Select(_ => "a process holds, though nothing confirmed was lost")
            );
            return;
        }

        Broken++;
        // Who notices it holds once its handshake is made.
        for (var i = 0; i < 2; i++)
        {
            var (engine, number) = (_engines[i], i);
            if (notice[i])
            {
                bool IsBack() => engine.Primary.WorldLine != worldLines[number] && engine.Primary.Ready;
                World.Await(IsBack, 30, $"process {number} connects again");
                _heldFrom[i] ??= World.Loop.Now - DateTimeOffset.UnixEpoch;
            }
        }

        var from = World.Loop.Now - DateTimeOffset.UnixEpoch + Grace;
        _heldFrom[0] ??= from;
        _heldFrom[1] ??= from;
        // Answered or not: what the loss took is contradicted already.
        _answered.Clear();
        World.Run(seconds: 10 + 5 * _random.NextDouble());
        (_heldFrom[0], _heldFrom[1]) = (null, null);
        World.Cli("HSET", Namespace, "accepted", World.Cli("HGET", Namespace, "broken"));
        World.Run(seconds: 6);
    }

    private Position SurvivedIn(int partition)
    {
        var header = World.Tag(partition, of: 2) + ":m";
        return Position.Parse($"{World.Cli("HGET", header, "wl")}-{World.Cli("HGET", header, "lsn")}");
    }

    private async Task PublishAllAsync(int number)
    {
        var engine = _engines[number];
        while (!_isOver)
        {
            var id = $"n{_published++}";
            var entry = new PublishEntry(Encoding.UTF8.GetBytes(id), new Dictionary<string, string> { ["darq.id"] = id });
            try
            {
                await engine.Publisher.PublishAsync("t", [entry], default);
                Release(number, $"{id} was answered as durable");
                _answered.Add(id);
            }
            catch (DarqException refused) when (refused.Code == ErrorCode.Unavailable) { }

            await Task.Delay(TimeSpan.FromMilliseconds(50 + _random.Next(100)), engine.Clock);
        }
    }

    private void Release(int number, string what)
    {
        var now = World.Loop.Now - DateTimeOffset.UnixEpoch;
        if (_heldFrom[number] is { } from && now > from)
        {
            Faults.Add($"{what} by process {number}, {(now - from).TotalSeconds:0.0} s after it had to hold");
        }
    }

    private sealed class Shown(HeldDrill drill, int number) : IDeliverySink
    {
        public DeliveryStream? Stream { get; set; }

        public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            var text = Encoding.UTF8.GetString(delivery.Message.Data.Span);
            drill.Release(number, $"{text} was shown");
            drill._shown.Add(text);
            _ = HandleAsync(delivery);
            return ValueTask.CompletedTask;
        }

        private async Task HandleAsync(Delivery delivery)
        {
            var longest = drill._isSlow ? 4000 : 200;
            await Task.Delay(TimeSpan.FromMilliseconds(drill._random.Next(longest)), drill._engines[number].Clock);
            Stream!.Ack(delivery.Token);
        }
    }
}

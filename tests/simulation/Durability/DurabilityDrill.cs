using System.Globalization;
using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Simulation.Fixtures;

namespace Darq.Tests.Simulation.Durability;

/// <summary>
/// Two processes on a Redis with a replica: numbers are published, a step makes an output of each, and whoever gets an output is outside.
/// At times Redis dies and comes back without whatever was not confirmed, or loses nothing. What was answered as durable or shown outside
/// must never be contradicted; what was answered as applied may be. One process answers so what does not say otherwise.
/// </summary>
internal sealed class DurabilityDrill : Drill
{
    private const int Numbers = 40;
    private const string Input = "in";
    private const string Output = "out";
    private const string Last = "last";

    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(10);

    private readonly Random _random;
    private readonly SimulatedEngine[] _engines;
    private readonly HashSet<string> _published = [];

    // The positions at which each output was shown: one, or what was shown has been undone.
    private readonly Dictionary<string, HashSet<string>> _shown = [];
    private int _writing;
    private int _publishing;

    // Up to which write the caller was told that it is durable.
    private long _promised;

    public DurabilityDrill(int seed)
    {
        _random = new(seed);
        World.Replicate(true);
        var options = World.OnePartition with { Partitions = 2, Durability = new(DurabilityKind.Replicated, 1) };
        _engines = [World.Start(options with { Ack = AckLevel.Speculative }), World.Start(options)];
    }

    public int Losses { get; private set; }

    /// <summary>What is wrong in a seed; null where nothing is.</summary>
    public static string? Judge(int seed) => JudgeAndDispose(new DurabilityDrill(seed));

    public override void Run()
    {
        foreach (var engine in _engines)
        {
            Attach(engine, Input, (stream, delivery) => WorkAsync(engine, stream, delivery));
            Attach(engine, Output, ShowAsync);
        }

        World.Run(seconds: 3);
        _engines[0].Do(() => _ = PublishAllAsync(_engines[0]));
        _engines[1].Do(() => _ = WriteAllAsync(_engines[1]));
        foreach (var engine in _engines)
        {
            engine.Do(() => _ = ReadAllAsync(engine));
        }

        while (_publishing < Numbers || _writing < Numbers)
        {
            // Between two steps of what is under way, mostly.
            World.Run(seconds: _random.Next(8) == 0 ? 3 : 0.05 * _random.NextDouble());
            if (_random.Next(4) == 0)
            {
                Crash();
            }

            World.Replicate(_random.Next(5) > 0);
        }

        World.Replicate(true);
        World.Loop.RunUntil(() => _published.IsSubsetOf(_shown.Keys), MostTime);
        World.Run(seconds: 60);
        Judge();
    }

    private void Crash()
    {
        var server = World.Server;
        // Mostly there is something to lose.
        World.Loop.RunUntil(() => server.JournaledCalls > server.Confirmed, TimeSpan.FromMilliseconds(100));
        var unconfirmed = server.JournaledCalls - server.Confirmed;
        var lost = unconfirmed == 0 || _random.Next(3) == 0 ? 0 : 1 + _random.Next(unconfirmed);
        Losses += lost > 0 ? 1 : 0;
        server.Stop();
        server.Restart(lost);
    }

    private void Judge()
    {
        Faults.AddRange(
            _published.Where(number => !_shown.ContainsKey(number)).Select(number => $"{number} was accepted and never came out")
        );
        Faults.AddRange(
            _shown
                .Where(output => output.Value.Count > 1)
                .Select(output => $"output {output.Key} was shown at {string.Join(" and ", output.Value)}")
        );
        var found = long.Parse(_engines[0].Read(Last) ?? "0", CultureInfo.InvariantCulture);
        if (found != Numbers)
        {
            Faults.Add($"the last write was accepted, and {found} is there");
        }
    }

    private async Task PublishAllAsync(SimulatedEngine engine)
    {
        for (; _publishing < Numbers; _publishing++)
        {
            var number = $"n{_publishing}";
            var metadata = new Dictionary<string, string> { ["darq.id"] = number };
            if (_publishing % 3 > 0)
            {
                metadata["darq.ack"] = "durable";
            }

            var entry = new PublishEntry(Encoding.UTF8.GetBytes(number), metadata);
            await UntilDoneAsync(engine, async () => await engine.Publisher.PublishAsync(Input, [entry], default));
            if (_publishing % 3 > 0)
            {
                _published.Add(number);
            }

            await PauseAsync(engine);
        }
    }

    private async Task WriteAllAsync(SimulatedEngine engine)
    {
        for (; _writing < Numbers; _writing++)
        {
            var value = Encoding.UTF8.GetBytes($"{_writing + 1}");
            AckLevel? ack = _writing % 3 == 1 ? AckLevel.Speculative : null;
            var write = new StateOperation(StateChange.Upsert, new StateKey(Last)) { Value = value, Ack = ack };
            await UntilDoneAsync(engine, () => engine.State.ApplyAsync(write, default));
            _promised = ack is null ? _writing + 1 : _promised;
            await PauseAsync(engine);
        }
    }

    /// <summary>What a strong read has shown, or a caller was told, never goes back.</summary>
    private async Task ReadAllAsync(SimulatedEngine engine)
    {
        var lastRead = 0L;
        while (_writing < Numbers)
        {
            await UntilDoneAsync(
                engine,
                async () =>
                {
                    var promised = _promised;
                    var value = (await engine.State.GetAsync([new(Last)], AckLevel.Durable, default))[0];
                    var read = value.ETag is null ? 0 : long.Parse(value.Data.Span, CultureInfo.InvariantCulture);
                    if (read < lastRead)
                    {
                        Faults.Add($"a read showed {lastRead}, and a later one {read}");
                    }

                    if (read < promised)
                    {
                        Faults.Add($"write {promised} was accepted, and a later read showed {read}");
                    }

                    lastRead = read;
                }
            );
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(40)), engine.Clock);
        }
    }

    private Task PauseAsync(SimulatedEngine engine) => Task.Delay(TimeSpan.FromMilliseconds(_random.Next(30)), engine.Clock);

    private static async Task UntilDoneAsync(SimulatedEngine engine, Func<ValueTask> request)
    {
        while (true)
        {
            try
            {
                await request();
                return;
            }
            catch (DarqException refused) when (refused.Code == ErrorCode.Unavailable)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), engine.Clock);
            }
        }
    }

    /// <summary>Makes an output of a number by a step.</summary>
    private static async Task WorkAsync(SimulatedEngine engine, DeliveryStream stream, Delivery delivery)
    {
        var emit = $$"""{"topic":"{{Output}}","data":"{{TextOf(delivery)}}","rawPayload":true}""";
        var outcome = await engine.StepAsync($$"""{"consume":["{{delivery.Token}}"],"emit":[{{emit}}]}""");
        if (outcome is "OK" or "DUPLICATE")
        {
            stream.Ack(delivery.Token);
        }
        else
        {
            stream.Nack(delivery.Token);
        }
    }

    /// <summary>Whoever is outside: what it was given stands.</summary>
    private Task ShowAsync(DeliveryStream stream, Delivery delivery)
    {
        var output = TextOf(delivery);
        if (!_shown.TryGetValue(output, out var positions))
        {
            _shown[output] = positions = [];
        }

        positions.Add($"{delivery.Message.Partition}:{delivery.Message.StreamId}");
        stream.Ack(delivery.Token);
        return Task.CompletedTask;
    }

    private static string TextOf(Delivery delivery) => Encoding.UTF8.GetString(delivery.Message.Data.Span).Trim('"');

    private static void Attach(SimulatedEngine engine, string topic, Func<DeliveryStream, Delivery, Task> handle)
    {
        var sink = new Sink(handle);
        engine.Do(() =>
        {
            var options = new SubscriptionOptions
            {
                Concurrent = true,
                RequireStep = topic == Input,
                RetryDelay = TimeSpan.FromMilliseconds(20),
            };
            sink.Stream = engine.Subscriptions.Attach("g", topic, options, sink);
        });
    }

    private sealed class Sink(Func<DeliveryStream, Delivery, Task> handle) : IDeliverySink
    {
        public DeliveryStream? Stream { get; set; }

        public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
        {
            _ = handle(Stream!, delivery);
            return ValueTask.CompletedTask;
        }
    }
}

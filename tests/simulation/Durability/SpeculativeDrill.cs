using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Steps.Json;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>
/// One process is answered as soon as its writes are applied, on a Redis with a replica; two others ask by barriers what became of them,
/// at once or much later. At times Redis dies and comes back without some of what was not confirmed. What a barrier says must be so at the
/// end, and each must say something once the faults are over.
/// </summary>
internal sealed class SpeculativeDrill : Drill
{
    private const int Writes = 60;
    private const int MostPositions = 4;

    /// <summary>How soon after the last fault each barrier is answered.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Random _random;

    // Of its own, so that what is read changes nothing else.
    private readonly Random _reading;
    private readonly SimulatedEngine _writer;
    private readonly SimulatedEngine[] _engines;

    // What was applied: where, and under which key.
    private readonly Dictionary<WirePosition, string> _written = [];
    private readonly HashSet<WirePosition> _durable = [];
    private readonly HashSet<WirePosition> _rolledBack = [];
    private readonly HashSet<string> _shownDurable = [];

    // Processes are asked between two runs of the loop.
    private readonly Queue<(SimulatedEngine Engine, WirePosition[] Positions, TimeSpan Delay)> _pending = [];
    private int _writing;
    private int _asked;
    private int _answered;

    public SpeculativeDrill(int seed)
    {
        (_random, _reading) = (new(seed), new(seed));
        World.Replicate(true);
        var options = World.OnePartition with { Partitions = 2 };
        var durably = options with { Durability = new(DurabilityKind.Replicated, 1) };
        _writer = World.Start(options);
        _engines = [World.Start(durably), World.Start(durably)];
    }

    /// <summary>How many writes barriers found durable, and lost.</summary>
    public (int Durable, int RolledBack) Found => (_durable.Count, _rolledBack.Count);

    /// <summary>What is wrong in a seed; null where nothing is.</summary>
    public static string? Judge(int seed) => JudgeAndDispose(new SpeculativeDrill(seed));

    public override void Run()
    {
        World.Run(seconds: 1);
        _writer.Do(() => _ = WriteAllAsync());
        while (_writing < Writes)
        {
            World.Run(seconds: _random.Next(8) == 0 ? 0.5 : 0.05 * _random.NextDouble());
            if (_random.Next(3) == 0)
            {
                Crash();
            }

            World.Replicate(_random.Next(2) == 0);
            AskPending();
        }

        AskPending();
        World.Replicate(true);
        Faults.AddRange(
            _engines.Where(engine => engine.Primary.IsHeld).Select(_ => "a process holds releases, though nothing confirmed was lost")
        );
        if (!World.Loop.RunUntil(() => _answered == _asked, Patience))
        {
            Faults.Add($"{_asked - _answered} of {_asked} barriers have no answer {Patience.TotalSeconds} s after the last fault");
        }

        World.Run(seconds: 10);
        Judge();
    }

    private void Crash()
    {
        var server = World.Server;
        // Mostly there is something to lose. The last calls are those of rounds.
        World.Loop.RunUntil(() => server.JournaledCalls > server.Confirmed, TimeSpan.FromMilliseconds(100));
        var unconfirmed = server.JournaledCalls - server.Confirmed;
        var lost = _random.Next(4) switch
        {
            0 => 0,
            1 => _random.Next(unconfirmed + 1),
            _ => unconfirmed,
        };
        server.Stop();
        server.Restart(lost);
    }

    private void Judge()
    {
        foreach (var (position, key) in _written)
        {
            var isThere = _engines[0].Read(key) is not null;
            if (_durable.Contains(position) && !isThere)
            {
                Faults.Add($"{key} at {position} was durable, and is not there");
            }

            if (_shownDurable.Contains(key) && !isThere)
            {
                Faults.Add($"{key} at {position} was shown as durable, and is not there");
            }

            if (_rolledBack.Contains(position) && isThere)
            {
                Faults.Add($"{key} at {position} was rolled back, and is there");
            }
        }
    }

    /// <summary>Each write has a key of its own and is sent once.</summary>
    private async Task WriteAllAsync()
    {
        for (; _writing < Writes; _writing++)
        {
            var json = $$"""{"state":[{"op":"upsert","key":"k{{_writing}}","value":1}]}""";
            var step = new StepParser(_writer.Primary.Keys.Partitions, "").Parse(Encoding.UTF8.GetBytes(json));
            try
            {
                var position = (await _writer.StepExecutor.ApplyAsync(step, default)).Position;
                Assert.True(WirePosition.TryParse(position, _writer.Primary.Keys.Partitions, out var written), position);
                _written[written] = $"k{_writing}";
                AskFor(written);
            }
            catch (DarqException refused) when (refused.Code == ErrorCode.Unavailable)
            {
                // Whether it took effect is unknown, and so is its position.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(30)), _writer.Clock);
        }
    }

    private void AskFor(WirePosition latest)
    {
        for (var i = _random.Next(3); i >= 0; i--)
        {
            var earlier = _written.Keys.OrderBy(_ => _random.Next()).Take(_random.Next(MostPositions));
            WirePosition[] positions = _reading.Next(8) == 0 ? [latest, .. earlier, MadeUp(latest)] : [latest, .. earlier];
            var engine = _engines[_random.Next(_engines.Length)];
            var delay = TimeSpan.FromMilliseconds(_random.Next(4) == 0 ? _random.Next(5000) : 0);
            _asked++;
            _pending.Enqueue((engine, positions, delay));
        }
    }

    /// <summary>What an app may name: of this world-line, and never written.</summary>
    private static WirePosition MadeUp(WirePosition latest) =>
        new(latest.Partition, new(latest.Position.WorldLine, latest.Position.Number + 100_000));

    /// <summary>An eventual read of one of the last writes may show what a crash undoes, and says so.</summary>
    private async Task ReadAsync(SimulatedEngine engine)
    {
        var key = $"k{Math.Max(0, _writing - _reading.Next(4))}";
        try
        {
            if ((await engine.State.GetAsync([new(key)], AckLevel.Speculative, default))[0] is { ETag: not null, Durable: true })
            {
                _shownDurable.Add(key);
            }
        }
        catch (DarqException refused) when (refused.Code == ErrorCode.Unavailable) { }
    }

    private void AskPending()
    {
        var reader = _engines[_reading.Next(_engines.Length)];
        reader.Do(() => _ = ReadAsync(reader));
        while (_pending.TryDequeue(out var ask))
        {
            ask.Engine.Do(() => _ = AskAsync(ask.Engine, ask.Positions, ask.Delay));
        }
    }

    private async Task AskAsync(SimulatedEngine engine, WirePosition[] positions, TimeSpan delay)
    {
        var barrier = new DurabilityBarrier(engine.Primary, World.OnePartition);
        await Task.Delay(delay, engine.Clock);
        while (true)
        {
            try
            {
                Take(positions, await barrier.PassAsync(positions, TimeSpan.FromMilliseconds(100 + _random.Next(3000)), default));
                return;
            }
            catch (DarqException refused) when (refused.Code == ErrorCode.Unavailable)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), engine.Clock);
            }
        }
    }

    private void Take(WirePosition[] positions, BarrierEnd end)
    {
        _answered++;
        (end.Lost.Count == 0 ? _durable : _rolledBack).UnionWith(end.Lost.Count == 0 ? positions : end.Lost);
        if (end.Lost.Count == 0 && end.Durable != true)
        {
            Faults.Add("a barrier under replicated:1 did not say that it is durable");
        }
    }
}

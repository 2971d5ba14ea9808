using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Redis;
using Darq.Tests.Simulation.Fixtures;
using Darq.Tests.Simulation.Transfers;
using Xunit;

namespace Darq.Tests.Simulation.Durability;

/// <summary>What a barrier says stands for ever.</summary>
public sealed class BarrierTests : IDisposable
{
    public const int LastSeed = 40;

    private readonly World _world = new();

    public BarrierTests() => _world.Replicate(follows: true);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void What_it_says_is_so_at_the_end() => Assert.Null(Seeds.FirstFailure(1, LastSeed, SpeculativeDrill.Judge));

    [Fact]
    public void Drills_find_both()
    {
        var (durable, rolledBack) = (0, 0);
        for (var seed = 1; seed <= 10; seed++)
        {
            using var drill = new SpeculativeDrill(seed);
            drill.Run();
            durable += drill.Found.Durable;
            rolledBack += drill.Found.RolledBack;
        }

        Assert.True(durable >= 50 && rolledBack >= 20, $"{durable} durable and {rolledBack} rolled back in 10 drills");
    }

    [Fact]
    public void A_position_that_another_process_made_is_waited_for()
    {
        var (writer, engine) = (Start(DurabilityKind.Reply), Start(DurabilityKind.Replicated));
        _world.Replicate(follows: false);
        var position = Write(writer, "k");

        Assert.StartsWith("UNAVAILABLE: the barrier was not passed within 500ms (", Refusal(engine, position), StringComparison.Ordinal);

        _world.Replicate(follows: true);
        var end = Pass(engine, position);
        Assert.Empty(end.Lost);
        Assert.True(end.Durable);
    }

    [Fact]
    public void A_position_of_a_lost_world_line_is_rolled_back()
    {
        var (writer, engine) = (Start(DurabilityKind.Reply), Start(DurabilityKind.Replicated));
        var kept = Write(writer, "k0");
        var journaled = _world.Server.JournaledCalls;
        var lost = Write(writer, "k1");

        _world.LoseSince(journaled);

        Assert.Equal([lost], Pass(engine, kept, lost).Lost);
        Assert.Empty(Pass(engine, kept).Lost);
    }

    [Fact]
    public void Positions_of_world_lines_long_ended_are_told_apart_by_any_process()
    {
        var writer = Start(DurabilityKind.Reply);
        var kept = Write(writer, "k0");
        var journaled = _world.Server.JournaledCalls;
        var lost = Write(writer, "k1");
        _world.LoseSince(journaled);
        var later = Write(writer, "k2");
        Restart();
        Write(writer, "k3");
        Restart();

        var end = Pass(Start(DurabilityKind.Replicated), kept, lost, later);

        Assert.Equal([lost], end.Lost);
    }

    [Fact]
    public void A_world_line_that_was_lost_with_its_beginning_is_rolled_back()
    {
        var writer = Start(DurabilityKind.Reply);
        var kept = Write(writer, "k0");
        var journaled = _world.Server.JournaledCalls;
        Restart();
        var lost = Write(writer, "k1");
        _world.LoseSince(journaled);
        Write(writer, "k2");
        Restart();

        Assert.Equal([lost], Pass(Start(DurabilityKind.Replicated), kept, lost).Lost);
    }

    [Fact]
    public void A_position_whose_fate_is_forgotten_is_refused()
    {
        var writer = Start(DurabilityKind.Reply);
        var position = Write(writer, "k0");
        for (var i = 0; i < 65; i++)
        {
            Restart();
            Write(writer, $"k{i + 1}");
        }

        var refusal = Refusal(Start(DurabilityKind.Replicated), position);

        Assert.StartsWith($"INVALID: position {position} is too old", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_position_that_only_a_later_recovery_knows_makes_the_process_take_part_in_it()
    {
        var engine = Start(DurabilityKind.Reply);
        RecoverUnheard(engine.Primary.WorldLine);
        var position = Write(Start(DurabilityKind.Reply), "k");
        Assert.True(engine.Primary.WorldLine < position.Position.WorldLine);

        var end = Pass(engine, position);

        Assert.Empty(end.Lost);
        Assert.Equal(position.Position.WorldLine, end.WorldLine);
    }

    [Fact]
    public void A_position_of_a_world_line_that_has_not_begun_is_not_waited_for()
    {
        var engine = Start(DurabilityKind.Replicated);
        var begun = engine.Primary.WorldLine;

        var refusal = Refusal(engine, new WirePosition(0, new(begun + 1, 1)));

        Assert.StartsWith("UNAVAILABLE: position 0:", refusal, StringComparison.Ordinal);
        Assert.Equal(begun, engine.Primary.WorldLine);
    }

    [Fact]
    public void A_made_up_position_is_no_loss_later()
    {
        var engine = Start(DurabilityKind.Replicated, "made-up");
        Write(engine, "k");
        Pass(engine, new WirePosition(0, new(engine.Primary.WorldLine, 1_000_000)));

        Restart();
        Write(engine, "k");

        Assert.Equal((0L, 0L), (engine.Primary.Counters.Losses.Value, engine.Primary.Counters.BrokenPromises.Value));
    }

    [Fact]
    public void Without_positions_it_waits_for_all_that_was_applied()
    {
        var (writer, engine) = (Start(DurabilityKind.Reply), Start(DurabilityKind.Replicated));
        _world.Replicate(follows: false);
        Write(writer, "k");
        var journaled = _world.Server.JournaledCalls;
        Refusal(engine);

        _world.Replicate(follows: true);

        Assert.True(Pass(engine).Durable);
        Assert.True(_world.Server.Confirmed >= journaled);
    }

    [Fact]
    public void On_reply_it_calls_nothing_durable_and_yet_finds_losses()
    {
        var engine = Start(DurabilityKind.Reply);
        var kept = Write(engine, "k0");
        var journaled = _world.Server.JournaledCalls;
        var lost = Write(engine, "k1");
        Assert.Null(Pass(engine, kept, lost).Durable);

        _world.LoseSince(journaled);
        _world.Run(seconds: 1);

        Assert.Equal([lost], Pass(engine, kept, lost).Lost);
    }

    [Fact]
    public void On_a_fallen_auto_level_it_is_not_called_durable()
    {
        var engine = _world.Start(World.OnePartition with { Durability = new(DurabilityKind.Auto) });
        var position = Write(engine, "k");
        Assert.True(Pass(engine, position).Durable);

        _world.Replicate(follows: false);
        _world.Run(seconds: 20);

        Assert.Null(Pass(engine, position).Durable);
        Assert.Equal(DurabilityKind.Reply, Pass(engine, position).Level.Kind);
    }

    private SimulatedEngine Start(DurabilityKind kind, string name = "sim") =>
        _world.Start(World.OnePartition with { Name = name, Durability = new(kind, kind == DurabilityKind.Replicated ? 1 : 0) });

    private void Restart() => _world.LoseSince(_world.Server.JournaledCalls);

    /// <summary>One that knows of a later world-line moves the others on, and nobody tells them.</summary>
    private void RecoverUnheard(long worldLine)
    {
        var identity = _world.Cli("HGET", World.Tag() + ":m", "id");
        RedisArgument[] arguments = [identity, Handshake.Format, worldLine + 1, World.Tag()];
        _world.Server.Call(new(FunctionLibrary.Function("recover"), World.Tag() + ":m", arguments));
    }

    private WirePosition Write(SimulatedEngine engine, string key)
    {
        for (var i = 0; i < 100 && engine.Write(key, "1") != "OK"; i++)
        {
            _world.Run(seconds: 0.1);
        }

        var etag = engine.Ask(() => engine.State.GetAsync([new(key)], default))[0].ETag!;
        return new(0, Position.Parse(etag));
    }

    private static BarrierEnd Pass(SimulatedEngine engine, params WirePosition[] positions) =>
        engine.Ask(() => new DurabilityBarrier(engine.Primary, World.OnePartition).PassAsync(positions, TimeSpan.FromSeconds(10), default));

    private static string Refusal(SimulatedEngine engine, params WirePosition[] positions) =>
        engine.OutcomeOf(async () =>
            await new DurabilityBarrier(engine.Primary, World.OnePartition).PassAsync(positions, TimeSpan.FromMilliseconds(500), default)
        );
}

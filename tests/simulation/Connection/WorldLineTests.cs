using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Connection;

/// <summary>A world-line belongs to one server process, whatever Redis forgets and whatever its clock says.</summary>
public sealed class WorldLineTests
{
    [Fact]
    public void World_line_of_a_recovery_that_Redis_lost_is_not_given_again_though_its_clock_was_set_back()
    {
        using var world = new World();
        world.Start();
        world.RedisAhead = TimeSpan.FromMinutes(-10);
        world.Run(seconds: 1);
        var before = world.Server.JournaledCalls;
        world.LoseSince(before);
        Assert.True(Recovers(world));
        var lost = WorldLine(world);

        world.LoseSince(before);
        Assert.True(Recovers(world));

        Assert.NotEqual(lost, WorldLine(world));
    }

    [Fact]
    public void Partition_whose_header_was_damaged_at_a_recovery_is_recovered_before_it_is_written_again()
    {
        using var world = new World();
        var engine = world.Start(new() { Name = "sim", Partitions = 2 });
        string[] headers = [World.Tag(0, of: 2) + ":m", World.Tag(1, of: 2) + ":m"];
        world.Server.Damage.Overwrite(headers[1]);
        world.LoseSince(world.Server.JournaledCalls);
        world.Run(seconds: 3);
        world.Server.Damage.Mend();

        PublishEntry[] entries = [.. new[] { 0, 1 }.Select(EntryIn)];
        Assert.Equal("OK", engine.OutcomeOf(async () => await engine.Publisher.PublishAsync("t", entries, default)));

        Assert.Equal(world.Cli("HGET", headers[0], "wl"), world.Cli("HGET", headers[1], "wl"));
    }

    /// <summary>As by DEBUG RELOAD NOSAVE, or by going back to a snapshot of the whole machine.</summary>
    [Fact]
    public void Loss_in_the_same_server_process_is_noticed()
    {
        using var world = new World();
        var engine = world.Start();
        var told = new List<bool>();
        engine.Do(() =>
            engine.Primary.OnHandshake(
                (_, lost, _) =>
                {
                    told.Add(lost);
                    return Task.CompletedTask;
                }
            )
        );
        var worldLine = WorldLine(world);
        string[] outcomes = [engine.Write("k", "1"), engine.Write("k", "2"), engine.Write("k", "3")];
        Assert.Equal(["OK", "OK", "OK"], outcomes);

        world.Server.Restart(lostCalls: 2);

        Assert.Equal("OK", engine.Write("k", "4"));
        Assert.Equal((worldLine, true), (WorldLine(world), Assert.Single(told)));
    }

    private static PublishEntry EntryIn(int partition)
    {
        var key = Enumerable.Range(0, 100).Select(i => $"k{i}").First(key => PartitionHash.Of(key, 2) == partition);
        return new("x"u8.ToArray(), new Dictionary<string, string> { ["partitionKey"] = key });
    }

    /// <summary>Recovers as a process does that has not heard of the recovery before; false where another one has done it.</summary>
    private static bool Recovers(World world)
    {
        var identity = world.Cli("HGET", World.Tag() + ":m", "id");
        var call = new FunctionCall(FunctionLibrary.Function("recover"), World.Tag() + ":m", [identity, "2", 0, World.Tag()]);
        return world.Server.Call(call).ToString().Split(", ")[3] == "1";
    }

    private static string WorldLine(World world) => world.Cli("HGET", World.Tag() + ":m", "wl");
}

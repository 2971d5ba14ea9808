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

    /// <summary>Recovers as a process does that has not heard of the recovery before; false where another one has done it.</summary>
    private static bool Recovers(World world)
    {
        var identity = world.Cli("HGET", World.Tag() + ":m", "id");
        var call = new FunctionCall(FunctionLibrary.Function("recover"), World.Tag() + ":m", [identity, "2", 0, World.Tag()]);
        return world.Server.Call(call).ToString().Split(", ")[3] == "1";
    }

    private static string WorldLine(World world) => world.Cli("HGET", World.Tag() + ":m", "wl");
}

using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Who may write: no server process in a world-line that another one was given, whatever its library remembers, and no
/// session passes a message of a lane that another one holds. A primary that became a replica and a primary again may go on
/// in its own world-line if nobody was given another one meanwhile, for then nobody has written. Watched at every call that wrote something.
/// </summary>
internal sealed class FenceInvariants(Simulation world)
{
    // World-lines and the server process to which each was given.
    private readonly Dictionary<string, string> _processes = [];

    public void Watch()
    {
        // The world-line that is there already was given to the process that runs.
        for (var p = 0; p < world.Namespace.Partitions; p++)
            IsOfThisProcess(p);
        world.Server.Changed += Check;
    }

    private void Check(Change change)
    {
        foreach (var p in change.Commands.Select(words => world.Data.PartitionOf(words[1])).Where(p => p >= 0).Distinct())
        {
            if (!IsOfThisProcess(p))
                world.Complain($"partition {p} was written by server process {world.Server.Primary.Process} in the world-line of another one");
        }
        foreach (var words in change.Commands.Where(words => words is ["HINCRBY", _, "c", ..]))
            CheckHolder(change, words[1]);
    }

    private bool IsOfThisProcess(int p)
    {
        var worldLine = world.Data.Text($"{world.Data.Tag(p)}:m", "wl") ?? "";
        return _processes.TryAdd(worldLine, world.Server.Primary.Process) || _processes[worldLine] == world.Server.Primary.Process;
    }

    private void CheckHolder(Change change, string lane)
    {
        var session = change.Call!.Value.Keys[0].Split(":c:")[^1];
        var holder = world.Data.Text(lane, "o");
        if (holder != session)
            world.Complain($"session {session} passed a message of {lane}, which {holder} holds");
        var incarnation = world.Data.Text(lane, "i")?.Split('.')[0];
        if (incarnation != world.Data.Text($"{world.Data.Tag(world.Data.PartitionOf(lane))}:m", "wl"))
            world.Complain($"a message of {lane} was passed, whose holder has not resumed");
    }
}

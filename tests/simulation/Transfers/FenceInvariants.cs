using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Who may write: no server process in a world-line that another one was given, whatever its library remembers, and no session passes or
/// parks a message of a lane that another one holds; and what is passed is accounted for. A primary that became a replica and a primary
/// again may go on in its own world-line if nobody was given another one meanwhile, for then nobody has written. Watched at every call that
/// wrote something.
/// </summary>
internal sealed class FenceInvariants(Simulation world)
{
    // World-lines and the server process to which each was given.
    private readonly Dictionary<string, string> _processes = [];

    public void Watch()
    {
        // The world-line that is there already was given to the process that runs.
        for (var p = 0; p < world.Namespace.Partitions; p++)
        {
            IsOfThisProcess(p);
        }

        world.Server.Changed += Check;
    }

    private void Check(Change change)
    {
        foreach (var p in change.Commands.Select(words => world.Data.PartitionOf(words[1])).Where(p => p >= 0).Distinct())
        {
            if (!IsOfThisProcess(p))
            {
                world.Complain(
                    $"partition {p} was written by server process {world.Server.Primary.Process} in the world-line of another one"
                );
            }
        }
        if (change.Call is { } call && call.Function.Contains("batch", StringComparison.Ordinal))
        {
            foreach (var lane in change.Commands.Select(words => LaneOf(words[1])).OfType<string>().Distinct())
            {
                CheckHolder(call.Keys[0].Split(":c:")[^1], lane);
            }
        }
    }

    private bool IsOfThisProcess(int p)
    {
        var worldLine = world.Data.Text($"{world.Data.Tag(p)}:m", "wl") ?? "";
        return _processes.TryAdd(worldLine, world.Server.Primary.Process) || _processes[worldLine] == world.Server.Primary.Process;
    }

    /// <summary>The lane that a key belongs to: its hash, what was passed out of order, and its retry queue.</summary>
    private static string? LaneOf(string key)
    {
        var end = key.IndexOf('}', StringComparison.Ordinal) + 1;
        var kind = key[end..].Split(':')[1];
        return kind is "l" or "o" or "q" or "qb" ? $"{key[..end]}:l:{key[(end + kind.Length + 2)..]}" : null;
    }

    private void CheckHolder(string session, string lane)
    {
        var holder = world.Data.Text(lane, "o");
        if (holder != session)
        {
            world.Complain($"session {session} changed {lane}, which {holder} holds");
        }

        var fencingToken = world.Data.Text(lane, "i")?.Split('.')[0];
        if (fencingToken != world.Data.Text($"{world.Data.Tag(world.Data.PartitionOf(lane))}:m", "wl"))
        {
            world.Complain($"{lane} was changed, whose holder has not resumed");
        }

        var (passed, counted) = world.Data.Books(lane);
        if (passed != counted)
        {
            world.Complain($"{passed} messages of {lane} were passed, {counted} are accounted for");
        }
    }
}

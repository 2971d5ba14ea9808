using Darq.Testing.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Who may write: no server process in a world-line that another one was given, whatever its library remembers, and no session acks a
/// message of a lane that another one owns, or moves it to the retry queue; and what is acked is accounted for. A primary that became a
/// replica and a primary again may go on in its own world-line if nobody was given another one meanwhile, for then nobody has written.
/// Watched at every call that wrote something.
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
        foreach (
            var p in change
                .Commands.Select(words => words[1])
                .Where(IsInWorldLine)
                .Select(world.Data.PartitionOf)
                .Where(p => p >= 0)
                .Distinct()
        )
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
            foreach (var (partition, lane) in change.Commands.SelectMany(LanesOf).Distinct())
            {
                CheckHolder(call.Key!.Split(":c:")[^1], partition, lane);
            }
        }
    }

    /// <summary>
    /// A partition whose header is damaged takes part in no recovery, but the records of the sessions that lie there go on.
    /// </summary>
    private bool IsInWorldLine(string key) => !world.Has(Hazards.DamagedKeys) || !key.Contains(":c:", StringComparison.Ordinal);

    private bool IsOfThisProcess(int p)
    {
        var worldLine = world.Data.Header(p, "wl") ?? "";
        return _processes.TryAdd(worldLine, world.Server.Primary.Process) || _processes[worldLine] == world.Server.Primary.Process;
    }

    /// <summary>The lanes that a command changes: fields of a header, what was acked out of order, and retry queues.</summary>
    private IEnumerable<(int Partition, string Lane)> LanesOf(string[] words)
    {
        var partition = world.Data.PartitionOf(words[1]);
        if (partition < 0)
        {
            return [];
        }

        var rest = words[1][(world.Data.Tag(partition).Length + 1)..];
        var kind = rest.Split(':')[0];
        return kind is "o" or "q" or "qb" ? [(partition, rest[(kind.Length + 1)..])]
            : rest == "m"
                ? words
                    .Skip(2)
                    .Where((word, index) => index % 2 == 0 && word.StartsWith("l:", StringComparison.Ordinal))
                    .Select(field => (partition, field[2..]))
            : [];
    }

    private void CheckHolder(string session, int partition, string name)
    {
        var lane = world.Data.Lane(partition, name);
        if (lane.Owner != session)
        {
            world.Complain($"session {session} changed {name} of partition {partition}, which {lane.Owner} holds");
        }

        if (lane.FencingToken.Split('.')[0] != world.Data.Header(partition, "wl"))
        {
            world.Complain($"{name} of partition {partition} was changed, whose holder has not resumed");
        }

        var (acked, counted) = world.Data.Books(partition, name);
        if (acked != counted)
        {
            world.Complain($"{acked} messages of {name} of partition {partition} were acked, {counted} are accounted for");
        }
    }
}

using Darq.Partitions;
using Darq.Redis;

namespace Darq.Lanes;

/// <summary>The calls of claim.lua and members.lua for one (group, topic); nobody else builds their arguments.</summary>
internal sealed class Claims(Primary primary, string group, string topic)
{
    private readonly string _group = Keys.Encode(group);
    private readonly string _topic = Keys.Encode(topic);

    /// <summary>Claims, resumes or releases lanes; answers in order. <paramref name="arguments"/>: per lane what claim.lua says.</summary>
    public async Task<string[]?> ChangeAsync(string what, Session session, IReadOnlyList<int> partitions, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var reply = await primary.CallAsync(Call(what, session, partitions, arguments), cancellation);
        return reply.IsNothing ? [.. reply.Items.Select(item => item.ToString())] : null;
    }

    /// <summary>The last seq of each partition's stream; where it is the one known, the next append wakes us up.</summary>
    public async Task<long[]> TailsAsync(IReadOnlyList<(int Partition, long Known)> lanes, CancellationToken cancellation)
    {
        var marks = lanes.Select(lane => primary.Keys.Mark(lane.Partition)).ToArray();
        var known = new List<RedisArgument>(2 * lanes.Count);
        foreach (var lane in lanes)
        {
            known.Add(_topic);
            known.Add(lane.Known);
        }
        // Made anew at each attempt: a recovery between two of them changes the world-line.
        FunctionCall Call() => new(FunctionLibrary.Function("tails"), marks, [primary.WorldLine, .. known]);
        var reply = await primary.ReadAsync(() => primary.CallAsync(Call(), cancellation), cancellation);
        return [.. reply.Items.Select(item => long.Parse(item.ToString(), System.Globalization.CultureInfo.InvariantCulture))];
    }

    private FunctionCall Call(string what, Session session, IReadOnlyList<int> partitions, IReadOnlyList<string> arguments) => new(
        FunctionLibrary.Function("claim"),
        [.. partitions.Select(primary.Keys.Mark)],
        [what, session.Id, _group, _topic, primary.WorldLine, .. arguments.Select(argument => (RedisArgument)argument)]);
}

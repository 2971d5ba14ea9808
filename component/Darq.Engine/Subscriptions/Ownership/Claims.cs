using Darq.Engine.Connection;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>The calls of claim.lua and members.lua for one (group, topic); nobody else builds their arguments.</summary>
internal sealed class Claims(Primary primary, string group, string topic)
{
    private readonly string _group = Keys.Encode(group);
    private readonly string _topic = Keys.Encode(topic);

    /// <summary>Claims, resumes or releases lanes; answers in order. <paramref name="arguments"/>: per lane what claim.lua says.</summary>
    public async Task<string[]?> ChangeAsync(
        string what,
        Session session,
        IReadOnlyList<int> partitions,
        IReadOnlyList<string> arguments,
        CancellationToken cancellation
    )
    {
        var reply = await primary.CallAsync(Call(what, session, partitions, arguments), cancellation);
        return reply.IsNothing ? [.. reply.Items.Select(item => item.ToString())] : null;
    }

    /// <summary>
    /// The last seq of each partition's stream; where it is the one known, the next append that the session is not told of wakes us up.
    /// </summary>
    public async Task<long[]> TailsAsync(Session session, IReadOnlyList<(int Partition, long Known)> lanes, CancellationToken cancellation)
    {
        var reply = await primary.ReadAsync(() => Tails(session, lanes), cancellation);
        return [.. reply.Items.Select(item => long.Parse(item.ToString(), System.Globalization.CultureInfo.InvariantCulture))];
    }

    private FunctionCall Tails(Session session, IReadOnlyList<(int Partition, long Known)> lanes)
    {
        var arguments = new List<RedisArgument>(2 + 2 * lanes.Count) { primary.WorldLine, session.Id };
        foreach (var (_, known) in lanes)
        {
            arguments.Add(_topic);
            arguments.Add(known);
        }
        return new(FunctionLibrary.Function("tails"), [.. lanes.Select(lane => primary.Keys.PartitionHeader(lane.Partition))], arguments);
    }

    private FunctionCall Call(string what, Session session, IReadOnlyList<int> partitions, IReadOnlyList<string> arguments) =>
        new(
            FunctionLibrary.Function("claim"),
            [.. partitions.Select(primary.Keys.PartitionHeader)],
            [what, session.Id, _group, _topic, primary.WorldLine, .. arguments.Select(argument => (RedisArgument)argument)]
        );
}

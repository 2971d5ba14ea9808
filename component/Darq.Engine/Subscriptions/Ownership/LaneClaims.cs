using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>
/// The calls of claim.lua and of tails in members.lua for one (group, topic); nobody else builds their arguments. They throw
/// <see cref="RedisUnavailableException"/> where the server needs a recovery, which is then begun. Safe to repeat.
/// </summary>
internal sealed class LaneClaims(Primary primary, string group, string topic)
{
    private readonly string _group = Keys.Encode(group);
    private readonly string _topic = Keys.Encode(topic);
    private readonly RedisArgument _laneField = primary.Keys.LaneField(group, topic);
    private readonly RedisArgument _topicField = primary.Keys.TopicField(topic);

    /// <summary>Claims or resumes lanes; answers in order.</summary>
    /// <param name="what">claim or resume.</param>
    /// <param name="session">For whom.</param>
    /// <param name="lanes">Which.</param>
    /// <param name="argument">What claim.lua wants to know of each.</param>
    /// <param name="cancellation">Ends the call.</param>
    public async Task<ClaimResult[]> ChangeAsync(
        string what,
        Session session,
        IReadOnlyList<Claim> lanes,
        Func<Claim, string> argument,
        CancellationToken cancellation
    )
    {
        var items = await CallAsync(what, session, [.. lanes.Select(claim => claim.Lane.Partition)], lanes.Select(argument), cancellation);
        return [.. items.Select(item => ClaimResult.Parse(item.ToString()))];
    }

    /// <summary>Tells that lanes were let go, each with the fencing token that it was owned under.</summary>
    public Task ReleaseAsync(Session session, IReadOnlyDictionary<int, string> releases, CancellationToken cancellation) =>
        CallAsync("release", session, [.. releases.Keys], releases.Values, cancellation);

    /// <summary>Releases those of the lanes that name the session from before the last recovery, under whatever fencing token.</summary>
    public Task DisownAsync(Session session, int[] partitions, CancellationToken cancellation) =>
        CallAsync("disown", session, partitions, [], cancellation);

    /// <summary>
    /// The last number of each partition's stream; where it is the one known, the next append that the session is not told of wakes us up.
    /// </summary>
    public async Task<LaneTail[]> TailsAsync(Session session, IReadOnlyList<TailQuestion> questions, CancellationToken cancellation)
    {
        var reply = await primary.ReadAsync(() => Tails(session, questions), cancellation);
        return [.. reply.Items.Select(item => LaneTail.Parse(item.ToString()))];
    }

    private async Task<IReadOnlyList<RedisReply>> CallAsync(
        string what,
        Session session,
        int[] partitions,
        IEnumerable<string> arguments,
        CancellationToken cancellation
    )
    {
        var call = new List<RedisArgument> { what, session.Id, _group, _topic, primary.WorldLine };
        PartitionList.Of(primary.Keys, partitions, _laneField, _topicField).WriteTo(call);
        call.AddRange(arguments.Select(argument => (RedisArgument)argument));
        var key = primary.Keys.PartitionHeader(partitions[0]);
        var reply = await primary.CallAsync(new(FunctionLibrary.Function("claim"), key, call), cancellation);
        if (reply.IsList)
        {
            return reply.Items;
        }

        primary.Invalidate(Invalidation.NeedsRecovery);
        throw new RedisUnavailableException("the Redis process is another one, which has to be recovered first");
    }

    private FunctionCall Tails(Session session, IReadOnlyList<TailQuestion> questions)
    {
        var arguments = new List<RedisArgument> { primary.WorldLine, session.Id, _topic };
        PartitionList.Of(primary.Keys, questions.Select(question => question.Lane.Partition), _topicField).WriteTo(arguments);
        arguments.AddRange(questions.Select(question => (RedisArgument)question.Known));
        return new(FunctionLibrary.Function("tails"), primary.Keys.PartitionHeader(questions[0].Lane.Partition), arguments);
    }
}

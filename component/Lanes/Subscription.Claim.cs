using Darq.Partitions;
using Darq.Telemetry;

namespace Darq.Lanes;

/// <summary>Which lanes should be ours, and claiming them.</summary>
internal sealed partial class Subscription
{
    // The tender's: what the heirs were worked out from, and the heirs.
    private (Roster? Roster, Session Session, bool IsTaking) _heirsOf;
    private string[]? _heirs;
    private bool _saidTooMany;

    /// <summary>
    /// Others may have taken our lanes while we were silent. What is in hand of a lane is not sent before it was asked for.
    /// </summary>
    public void Doubt()
    {
        lock (_lock)
        {
            foreach (var lane in _lanes) lane.Doubt();
            _yielding.Clear();
        }
        _tend.Set();
    }

    /// <summary>The members changed, or what they announce.</summary>
    public void Tend() => _tend.Set();

    /// <summary>A lane was let go by its holder.</summary>
    public void LetGo(int partition)
    {
        lock (_lock) _lanes[partition].OtherHolder = null;
        // It may have gone before we heard of that at a heartbeat, and then we do not know yet that the lane is meant for us.
        _membership.Announce();
        _tend.Set();
    }

    /// <summary>Who should hold each lane ('' = nobody); null while it is not known.</summary>
    private string[]? Heirs(Session session)
    {
        var of = (_membership.Roster, session, IsTaking);
        if (_heirsOf == of) return _heirs;
        _heirsOf = of;
        if (of.Roster is null) return _heirs = of.IsTaking ? null : Nobody();
        List<string> candidates = [.. of.Roster.TakersOf(Name).Where(taker => taker != session.Id)];
        if (of.IsTaking) candidates.Add(session.Id);
        if (candidates.Count > _lanes.Length && !_saidTooMany)
        {
            _saidTooMany = true;
            _log.MembersExceedLanes(_group, candidates.Count, _topic, _lanes.Length);
        }
        return _heirs = candidates.Count > 0 ? Rendezvous.Heirs(candidates, Name, _lanes.Length) : Nobody();

        string[] Nobody() => [.. _lanes.Select(_ => "")];
    }

    /// <summary>
    /// Claims those of our lanes that nobody alive is known to hold, in a <paramref name="whole"/> round all of them: a
    /// message that a lane was let go may have been lost. Asks for doubted ones again. True if that gave us lanes.
    /// </summary>
    private async Task<bool> ClaimAsync(string[]? heirs, Session session, bool whole, CancellationToken cancellation)
    {
        Lane[] wanted;
        string[] dead;
        lock (_lock)
        {
            wanted = [.. _lanes.Where(lane => lane.State == LaneState.Doubted || Claims(lane))];
            dead = [.. wanted.Select(lane => IsHeldByOther(lane) ? "" : lane.OtherHolder ?? "")];
        }
        if (wanted.Length == 0) return false;
        var answers = await _claims.ChangeAsync("claim", session, [.. wanted.Select(lane => lane.Partition)], dead, cancellation);
        if (answers is null)
        {
            _primary.Distrust("NEEDS_RECOVERY");
            return false;
        }
        var before = new List<string>();
        lock (_lock)
        {
            for (var i = 0; i < wanted.Length && session == _session; i++)
            {
                if (TakeIn(wanted[i], session, answers[i])) before.Add(dead[i]);
            }
        }
        _dispatch.Set();
        Say(before);
        return before.Count > 0;

        bool Claims(Lane lane) => !lane.Held && heirs?[lane.Partition] == session.Id && !_owed.ContainsKey(lane.Partition) && (whole || !IsHeldByOther(lane));
    }

    private bool IsHeldByOther(Lane lane) => lane.OtherHolder is { } holder && _membership.IsAlive(holder);

    /// <summary>Takes the answer to a claim in; true if it gave us the lane. Under _lock.</summary>
    private bool TakeIn(Lane lane, Session session, string answer)
    {
        if (Holding.Parse(answer) is not { } holding)
        {
            if (lane.Held) Lose([lane]);
            lane.OtherHolder = answer["HELD ".Length..];
            return false;
        }
        if (!lane.Held)
        {
            lane.Hold(session.Id, holding);
            return true;
        }
        // Another incarnation is the answer from before a resumption; the lane is asked for again.
        if (lane.State == LaneState.Doubted && lane.Incarnation == holding.Incarnation) lane.Keep(default);
        return false;
    }

    private void Say(List<string> before)
    {
        if (before.Count > 0) _log.LanesWereClaimed(_group, before.Count, _topic);
        foreach (var dead in before.Where(holder => holder.Length > 0).GroupBy(holder => holder))
            _log.LanesWereTakenOver(_group, dead.Count(), _topic, dead.Key);
    }
}

using Darq.Engine.Connection;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>Which lanes should be ours, and claiming them.</summary>
internal sealed partial class Subscription
{
    // The tender's: what the heirs were worked out from, and the heirs.
    private (MembershipSnapshot? Snapshot, Session Session, bool IsTaking) _heirsOf;
    private string[]? _heirs;
    private bool _saidTooMany;

    /// <summary>
    /// Others may have taken our lanes while we were silent. What is in hand of a lane is not sent before it was asked for.
    /// </summary>
    public void Doubt()
    {
        lock (_lock)
        {
            foreach (var lane in _lanes)
            {
                lane.Doubt();
            }

            _yielding.Clear();
        }
        _tend.Set();
    }

    /// <summary>Something happened that may concern who holds what.</summary>
    public void Tend() => _tend.Set();

    /// <summary>A lane was let go by its holder.</summary>
    public void LetGo(int partition)
    {
        lock (_lock)
        {
            _lanes[partition].OtherHolder = null;
        }
        // It may have gone before we heard of that at a heartbeat, and then we do not know yet that the lane is meant for us.
        _membership.Announce();
        _tend.Set();
    }

    /// <summary>Who should hold each lane ('' = nobody); null while it is not known.</summary>
    private string[]? Heirs(Session session)
    {
        var of = (_membership.Snapshot, session, IsTaking);
        if (_heirsOf == of)
        {
            return _heirs;
        }

        _heirsOf = of;
        if (of.Snapshot is null)
        {
            return _heirs = of.IsTaking ? null : Nobody();
        }

        List<string> candidates = [.. of.Snapshot.TakersOf(Name).Where(taker => taker != session.Id)];
        if (of.IsTaking)
        {
            candidates.Add(session.Id);
        }

        if (candidates.Count > _lanes.Length && !_saidTooMany)
        {
            _saidTooMany = true;
            _log.MembersExceedLanes(_group, candidates.Count, _topic, _lanes.Length);
        }
        return _heirs = candidates.Count > 0 ? Rendezvous.Assign(candidates, Name, _lanes.Length) : Nobody();

        string[] Nobody() => [.. _lanes.Select(_ => "")];
    }

    /// <summary>
    /// Claims those of our lanes that nobody alive is known to hold, in a <paramref name="whole"/> round all of them: a
    /// message that a lane was let go may have been lost. Asks again for lanes that may be ours without our knowing: doubted
    /// ones, and those whose claim was not answered. True if that gave us lanes.
    /// </summary>
    private async Task<bool> ClaimAsync(string[]? heirs, Session session, bool whole, CancellationToken cancellation)
    {
        Question[] asked;
        lock (_lock)
        {
            asked = [.. _lanes.Where(IsWanted).Select(lane => new Question(lane, lane.FencingToken, DeadHolder(lane) ?? ""))];
            foreach (var question in asked)
            {
                question.Lane.IsAsked = true;
            }
        }
        if (asked.Length == 0)
        {
            return false;
        }

        var answers = await _claims.ChangeAsync(
            "claim",
            session,
            [.. asked.Select(question => question.Lane.Partition)],
            [.. asked.Select(question => question.Dead)],
            cancellation
        );
        if (answers is null)
        {
            _primary.Invalidate("NEEDS_RECOVERY");
            return false;
        }
        Question[] given;
        lock (_lock)
        {
            given = session == _session ? [.. asked.Where((question, i) => TakeIn(question, session, answers[i]))] : [];
        }

        _dispatch.Set();
        _read.Set();
        _fetch.Set();
        Say(given);
        return given.Length > 0;

        bool IsWanted(Lane lane) =>
            lane.Held
                ? lane.State == LaneState.Doubted
                : !_owed.ContainsKey(lane.Partition)
                    && (
                        lane.IsAsked
                        || heirs?[lane.Partition] == session.Id && (whole || lane.OtherHolder is null || DeadHolder(lane) is not null)
                    );
    }

    private string? DeadHolder(Lane lane) =>
        lane.OtherHolder is { } holder && _membership.IsDead(holder.Session, holder.Beat) ? holder.Session : null;

    /// <summary>Takes the answer to a claim in; true if it gave us the lane. Under _lock.</summary>
    private bool TakeIn(Question asked, Session session, string answer)
    {
        var lane = asked.Lane;
        lane.IsAsked = false;
        if (ClaimResult.Parse(answer) is not { } holding)
        {
            if (lane.Held)
            {
                Lose([lane]);
            }

            lane.OtherHolder = (answer["HELD ".Length..], _membership.Begun);
            // A holder that is not alive any more is known as such after one more heartbeat.
            if (_membership.Snapshot?.Has(lane.OtherHolder.Value.Session) != true)
            {
                _membership.Announce();
            }

            return false;
        }
        if (lane.Held)
        {
            // Resumed after it was asked for: the answer is older, and the doubt was before that.
            if (lane.FencingToken != asked.FencingToken || lane.FencingToken == holding.FencingToken)
            {
                if (lane.State == LaneState.Doubted)
                {
                    lane.Keep(default);
                }

                return false;
            }
            Lose([lane]);
        }
        lane.Hold(session.Id, holding);
        return true;
    }

    private void Say(Question[] given)
    {
        if (given.Length > 0)
        {
            _log.LanesWereClaimed(_group, given.Length, _topic);
        }

        foreach (var taken in given.Where(question => question.Dead.Length > 0).GroupBy(question => question.Dead))
        {
            _log.LanesWereTakenOver(_group, taken.Count(), _topic, taken.Key);
        }
    }

    /// <summary>What was known of a lane when it was asked for: our fencing token, and its holder if that one is dead.</summary>
    private readonly record struct Question(Lane Lane, string FencingToken, string Dead);
}

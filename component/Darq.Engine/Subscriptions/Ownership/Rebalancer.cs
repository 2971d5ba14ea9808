using Darq.Engine.Connection;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>
/// Brings what this process owns in line with what it should own: releases, claims, and asks for the tails of what it owns. Once a
/// second it does so for all lanes, as a safety net for wake-ups that were lost.
/// </summary>
internal sealed class Rebalancer(
    GuardedCore core,
    LaneClaims claims,
    Primary primary,
    Membership membership,
    string group,
    string topic,
    TimeProvider time,
    ILogger log,
    SubscriptionCounters counters
)
{
    public static readonly TimeSpan WholeRound = TimeSpan.FromSeconds(1);

    private readonly string _name = MembershipSnapshot.Name(group, topic);
    private readonly WithheldLanes _withheld = new(group, topic, time, log);

    // The loop's own.
    private (MembershipSnapshot? Members, string Session, bool IsTaking) _assignmentOf;
    private string[]? _assignment;
    private long _lastWhole = time.GetTimestamp();
    private bool _saidTooMany;

    // The one that owns our lanes; set by every handshake.
    private volatile Session? _session;

    public async Task<TimeSpan> RebalanceAsync(CancellationToken cancellation)
    {
        if (core.Read(static core => core.IsIdle))
        {
            return SupervisedLoop.NothingToDo;
        }

        var session = await primary.ReadyAsync(cancellation);
        _session = session;
        // A reader that ran dry wants only its lanes armed.
        var (whole, began) = (time.GetElapsedTime(_lastWhole) >= WholeRound, time.GetTimestamp());
        var assignment = Assignment(session.Id);
        await ReleaseAsync(
            core.Apply((assignment, session), static (core, of, now) => core.NextReleases(of.assignment, of.session.Id, now)),
            session,
            assignment,
            cancellation
        );
        var isAnyNew = await ClaimAsync(assignment, session, whole, cancellation);
        await AskForTailsAsync(session, whole || isAnyNew, cancellation);
        // One that failed is repeated whole: a lesser round may find nothing to ask, and then says nothing of Redis.
        _lastWhole = whole ? began : _lastWhole;
        return NextRound();
    }

    /// <summary>Continues claims over a handshake, or finds them lost.</summary>
    public async Task ResumeAsync(Session session, bool lost, CancellationToken cancellation)
    {
        _session = session;
        var owned = core.Apply((session, lost), static (core, of, _) => core.OnSession(of.session.Id, of.lost));
        membership.Announce();
        if (owned.Count == 0)
        {
            return;
        }

        var results = await claims.ChangeAsync("resume", session, owned, claim => claim.FencingToken, cancellation);
        core.Apply((owned, results), static (core, of, _) => core.OnResumed(of.owned, of.results));
    }

    /// <summary>Gives all lanes up at the end, so that no other waits for the heartbeat to lapse. The loops have ended.</summary>
    public async Task ReleaseAllAsync(CancellationToken cancellation)
    {
        var releases = core.Apply(0, static (core, _, _) => core.Ownership.ReleaseAll());
        if (_session is { } session && releases.Count > 0)
        {
            await claims.ReleaseAsync(session, releases, cancellation);
        }
    }

    /// <summary>Who should own each lane ('' = nobody); null while it is not known.</summary>
    private string[]? Assignment(string session)
    {
        var of = (membership.Snapshot, session, core.Read(static core => core.IsTaking));
        if (_assignmentOf != of)
        {
            (_assignmentOf, _assignment) = (of, Assign(of.Snapshot, session, of.Item3));
        }

        return _assignment;
    }

    private string[]? Assign(MembershipSnapshot? members, string session, bool isTaking)
    {
        if (members is null && isTaking)
        {
            return null;
        }

        var partitions = primary.Keys.Partitions;
        List<string> candidates = [.. members?.TakersOf(_name).Where(taker => taker != session && !IsFormer(taker)) ?? []];
        if (isTaking)
        {
            candidates.Add(session);
        }

        if (candidates.Count > partitions && !_saidTooMany)
        {
            _saidTooMany = true;
            log.MembersExceedLanes(group, candidates.Count, topic, partitions);
        }

        return candidates.Count > 0 ? Rendezvous.Assign(candidates, _name, partitions) : [.. Enumerable.Repeat("", partitions)];
    }

    /// <summary>Whether an owner lives and takes none of the lanes.</summary>
    private bool IsWithholding(string owner) =>
        membership.Snapshot is { } members && members.Has(owner) && !members.TakersOf(_name).Contains(owner);

    private bool IsFormer(string session) => core.Read(core => core.Ownership.IsFormer(session));

    /// <summary>What fails is released in the next round; no other can do it while this process is alive.</summary>
    private async Task ReleaseAsync(
        IReadOnlyDictionary<int, string> releases,
        Session session,
        string[]? assignment,
        CancellationToken cancellation
    )
    {
        if (releases.Count == 0)
        {
            return;
        }

        await claims.ReleaseAsync(session, releases, cancellation);
        core.Apply(releases, static (core, released, _) => core.Ownership.OnReleased(released));
        foreach (var to in releases.Keys.GroupBy(partition => assignment?[partition] ?? ""))
        {
            log.LanesWereHandedOver(group, to.Count(), topic, to.Key.Length > 0 ? to.Key : "nobody");
        }
    }

    /// <summary>True if lanes became ours.</summary>
    private async Task<bool> ClaimAsync(string[]? assignment, Session session, bool whole, CancellationToken cancellation)
    {
        var asked = core.Apply(
            (assignment, session, whole, membership),
            static (core, of, _) => core.NextClaims(of.assignment, of.session.Id, of.whole, of.membership)
        );
        var results =
            asked.Count > 0
                ? await claims.ChangeAsync("claim", session, asked, claim => claim.DeadIsOurs ? "=" + claim.Dead : claim.Dead, cancellation)
                : [];
        if (whole)
        {
            _withheld.Note(results.Select(result => result.Owner).Where(IsWithholding));
        }

        if (asked.Count == 0)
        {
            return false;
        }

        var given = core.Apply(
            (asked, session, results, membership),
            static (core, of, _) => core.OnClaimed(of.asked, of.session.Id, of.results, of.membership)
        );
        // An owner that is not alive any more is known as such after one more heartbeat.
        if (results.Any(result => result.Owner.Length > 0 && membership.Snapshot?.Has(result.Owner) != true))
        {
            membership.Announce();
        }

        Say(given);
        return given.Count > 0;
    }

    private async Task AskForTailsAsync(Session session, bool whole, CancellationToken cancellation)
    {
        var questions = core.Apply(whole, static (core, whole, _) => core.Ownership.NextTails(whole));
        if (questions.Count > 0)
        {
            var tails = await claims.TailsAsync(session, questions, cancellation);
            core.Apply((questions, tails), static (core, of, _) => core.Ownership.OnTails(of.questions, of.tails));
        }
    }

    private TimeSpan NextRound()
    {
        var whole = WholeRound - time.GetElapsedTime(_lastWhole);
        var turn = core.Read(static core => core.NextTurn) - core.Elapsed ?? whole;
        var next = turn < whole ? turn : whole;
        return next > TimeSpan.Zero ? next : TimeSpan.Zero;
    }

    private void Say(IReadOnlyList<Claim> given)
    {
        if (given.Count > 0)
        {
            log.LanesWereClaimed(group, given.Count, topic);
        }

        foreach (var taken in given.Where(claim => claim.Dead.Length > 0 && !claim.DeadIsOurs).GroupBy(claim => claim.Dead))
        {
            counters.LanesTakenOver.Add(taken.Count());
            log.LanesWereTakenOver(group, taken.Count(), topic, taken.Key);
        }
    }
}

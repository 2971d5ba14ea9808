using System.Globalization;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>A lane to be claimed, and what was known of it when that was decided.</summary>
/// <param name="Lane">Which.</param>
/// <param name="FencingToken">The one that we own it under, or did last.</param>
/// <param name="Dead">Its owner, if that one is dead; else "".</param>
/// <param name="DeadIsOurs">Whether that is an earlier session of this process, whose death is not held against any message.</param>
internal readonly record struct Claim(Lane Lane, string FencingToken, string Dead = "", bool DeadIsOurs = false)
{
    /// <summary>Of the lane then: the answer is of no use once that has risen.</summary>
    public int Epoch { get; } = Lane.Epoch;
}

/// <summary>A lane whose tail is asked for, and the last message known.</summary>
internal readonly record struct TailQuestion(Lane Lane, int Epoch, long Known);

/// <summary>The last message of a lane's stream, or which of its keys is damaged.</summary>
internal readonly record struct LaneTail(long Last, string Damage)
{
    public static LaneTail Parse(string reply) =>
        long.TryParse(reply, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? new(last, "") : new(-1, reply);
}

/// <summary>
/// Which lanes this process owns, wants, lets drain and releases. A lane that should go to another drains: nothing more of it is
/// sent, and once what is out is answered and acknowledged it is released. A handler that takes longer must not starve its lane,
/// which then delivers on for a while. Belongs to the core.
/// </summary>
internal sealed class LaneOwnership(
    Lane[] lanes,
    Effects effects,
    DamagedLanes damaged,
    Func<Lane, bool> isFree,
    Action<IReadOnlyList<Lane>> drop
)
{
    public static readonly TimeSpan DrainsFor = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan KeepsFor = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<int, string> None = [];

    private readonly HashSet<Lane> _draining = [];

    // Released here, while Redis may not have heard of it: partition and fencing token.
    private readonly Dictionary<int, string> _releases = [];

    // Earlier sessions of this process. One comes only when Redis lost the record of the one before it.
    private readonly HashSet<string> _former = [];

    public bool HasDrained => _draining.Count > 0 && _draining.Any(IsDrained);

    /// <summary>When a draining lane gives up; null while none drains.</summary>
    public TimeSpan? NextTurn => _draining.Count > 0 ? _draining.Min(lane => lane.DrainsUntil) : null;

    /// <summary>Whether any lane is owned, released without Redis knowing it, or perhaps claimed.</summary>
    public bool IsIdle => _releases.Count == 0 && !Array.Exists(lanes, lane => lane.Owned || lane.ClaimIsOpen);

    public IReadOnlyList<Lane> OwnedLanes => [.. lanes.Where(lane => lane.Owned)];

    /// <summary>Whether a session is an earlier one of this process.</summary>
    public bool IsFormer(string session) => _former.Contains(session);

    /// <summary>
    /// Lets lanes drain that should go to others, takes drained ones out, and says what is to be released. The assignment says who should
    /// own each lane ('' = nobody); it is null while that is not known.
    /// </summary>
    public IReadOnlyDictionary<int, string> NextReleases(string[]? assignment, string session, bool isTaking, TimeSpan now)
    {
        foreach (var lane in lanes)
        {
            Turn(lane, isOurs: assignment is null || assignment[lane.Partition] == session, isTaking, now);
        }

        if (HasDrained)
        {
            Release([.. _draining.Where(IsDrained)]);
        }

        return Releases();
    }

    /// <summary>Lets all lanes go, whatever is out.</summary>
    public IReadOnlyDictionary<int, string> ReleaseAll()
    {
        Release(OwnedLanes);
        return Releases();
    }

    public void OnReleased(IReadOnlyDictionary<int, string> released)
    {
        foreach (var partition in released.Keys)
        {
            _releases.Remove(partition);
        }
    }

    /// <summary>
    /// The lanes to claim: those of ours that nobody alive is known to own, in a <paramref name="whole"/> round all of them, because the
    /// message that a lane was released may have been lost. And those that may be ours without our knowing: suspended ones, and those
    /// whose claim was not answered.
    /// </summary>
    public IReadOnlyList<Claim> NextClaims(string[]? assignment, string session, bool whole, IMembershipView members)
    {
        Claim[] claims = [.. lanes.Where(IsWanted).Select(lane => ClaimOf(lane, DeadOwner(lane, members) ?? ""))];
        foreach (var claim in claims)
        {
            claim.Lane.ClaimIsOpen = true;
        }

        return claims;

        bool IsWanted(Lane lane)
        {
            if (lane.Owned)
            {
                return lane.State == LaneState.Suspended;
            }

            var mayBeFree = whole || lane.OtherOwner is null || DeadOwner(lane, members) is not null;
            return !_releases.ContainsKey(lane.Partition) && (lane.ClaimIsOpen || assignment?[lane.Partition] == session && mayBeFree);
        }
    }

    /// <summary>Takes in the answer to a claim; true if it gave us the lane.</summary>
    public bool OnClaimed(Claim claim, string session, ClaimResult result, long attempts, IMembershipView members)
    {
        var lane = claim.Lane;
        damaged.Note(lane, result.Damage);
        if (lane.Epoch != claim.Epoch)
        {
            // What the answer says of the lane may be lost since. The claim stays open, and is made again.
            return false;
        }

        if (result.Outcome != ClaimOutcome.Owned)
        {
            if (lane.Owned)
            {
                Lose([lane]);
            }

            // Once a damaged lane is mended it may still name us its owner, and then nobody else is given it.
            lane.ClaimIsOpen = result.Outcome == ClaimOutcome.Damaged;
            lane.OtherOwner = result.Owner.Length > 0 ? (result.Owner, members.Begun) : null;
            return false;
        }
        if (lane.Owned)
        {
            // Resumed after it was asked for: the answer is older, and what made it doubtful was before that.
            if (lane.FencingToken != claim.FencingToken || lane.FencingToken == result.FencingToken)
            {
                lane.ClaimIsOpen = false;
                if (lane.State == LaneState.Suspended)
                {
                    Keep(lane, default);
                }

                return false;
            }
            Lose([lane]);
        }
        lane.ClaimIsOpen = false;
        lane.Own(session, result, attempts);
        effects.Wake(Workers.Reader | Workers.RetryFetcher);
        return true;
    }

    /// <summary>This process goes on under another session: its lanes belong to the one before until they are claimed anew.</summary>
    public void OnNewSession(string former)
    {
        _former.Add(former);
        var owned = OwnedLanes;
        Lose(owned);
        foreach (var lane in owned)
        {
            lane.OtherOwner = (former, 0);
        }
    }

    /// <summary>
    /// Others may have taken our lanes: what is in memory is not sent before Redis was asked.
    /// </summary>
    public void Suspend(IEnumerable<Lane> suspended)
    {
        foreach (var lane in suspended.Where(lane => lane.Owned))
        {
            lane.State = LaneState.Suspended;
            _draining.Remove(lane);
        }

        effects.Wake(Workers.Rebalancer);
    }

    /// <summary>
    /// Gives lanes up in memory. Redis may still name us the owner, and then nobody else is given the lane: it is claimed once more, if
    /// only to hand it over.
    /// </summary>
    public void Lose(IReadOnlyList<Lane> lost)
    {
        Drop(lost);
        foreach (var lane in lost)
        {
            lane.ClaimIsOpen = true;
        }

        effects.Wake(Workers.Rebalancer);
    }

    /// <summary>The lanes whose tail has to be asked for; in a <paramref name="whole"/> round all.</summary>
    public IReadOnlyList<TailQuestion> NextTails(bool whole) =>
        [
            .. lanes
                .Where(lane => lane.Owned && (whole || !lane.Armed && lane.Tail <= lane.ReadUpTo.Number))
                .Select(lane => new TailQuestion(lane, lane.Epoch, lane.ReadUpTo.Number)),
        ];

    public void OnTails(IReadOnlyList<TailQuestion> questions, IReadOnlyList<LaneTail> tails)
    {
        foreach (var (question, tail) in questions.Zip(tails).Where(pair => pair.First.Lane.Epoch == pair.First.Epoch))
        {
            damaged.Note(question.Lane, tail.Damage);
            question.Lane.Tail = Math.Max(question.Lane.Tail, tail.Last);
            // A wake-up may have come before this answer, and then the lane is not armed any more.
            question.Lane.Armed = tail.Last == question.Known && question.Lane.Tail == tail.Last;
        }

        effects.Wake(Workers.Reader);
    }

    private Claim ClaimOf(Lane lane, string dead) => new(lane, lane.FencingToken, dead, _former.Contains(dead));

    private string? DeadOwner(Lane lane, IMembershipView members) =>
        lane.OtherOwner is { } owner && (_former.Contains(owner.Session) || members.IsDead(owner.Session, owner.Beat))
            ? owner.Session
            : null;

    private bool IsDrained(Lane lane) => lane.Out == 0 && lane.Retries.IsStored && isFree(lane);

    /// <summary>
    /// Lets a lane begin to drain, or end that. While no stream takes messages there is nothing to go on with, and no hurry to end it.
    /// </summary>
    private void Turn(Lane lane, bool isOurs, bool isTaking, TimeSpan now)
    {
        if (lane.State == LaneState.Delivering && !isOurs && (!isTaking || lane.KeptUntil <= now && !lane.IsSuspicious))
        {
            (lane.State, lane.DrainsUntil) = (LaneState.Draining, now + DrainsFor);
            _draining.Add(lane);
        }
        else if (lane.State == LaneState.Draining && (isOurs || isTaking && lane.DrainsUntil <= now && !IsDrained(lane)))
        {
            Keep(lane, isOurs ? default : now + KeepsFor);
        }
    }

    private void Keep(Lane lane, TimeSpan until)
    {
        (lane.State, lane.KeptUntil) = (LaneState.Delivering, until);
        _draining.Remove(lane);
        effects.Wake(Workers.Reader);
    }

    /// <summary>A copy, because more may be released while these are on their way to Redis.</summary>
    private Dictionary<int, string> Releases() => _releases.Count == 0 ? None : new(_releases);

    private void Release(IReadOnlyList<Lane> released)
    {
        foreach (var lane in released)
        {
            _releases[lane.Partition] = lane.FencingToken;
        }

        Drop(released);
    }

    private void Drop(IReadOnlyList<Lane> dropped)
    {
        foreach (var lane in dropped)
        {
            _draining.Remove(lane);
        }

        if (dropped.Count > 0)
        {
            drop(dropped);
        }
    }
}

/// <summary>Who lives, as far as this process knows.</summary>
internal interface IMembershipView
{
    /// <summary>Number of the heartbeat that was begun last.</summary>
    long Begun { get; }

    /// <summary>
    /// Whether a session that owned a lane when <paramref name="beat"/> was the last heartbeat begun has gone silent since.
    /// </summary>
    bool IsDead(string session, long beat);
}

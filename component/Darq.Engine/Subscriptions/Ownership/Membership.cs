using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>
/// One heartbeat for all lanes of this process on a primary, and who was alive at the last one. It only makes hand-overs and
/// take-overs prompt; that two owners never both take effect rests on the fencing tokens.
/// </summary>
/// <param name="primary">Where the heartbeat goes.</param>
/// <param name="announced">What this process takes lanes of.</param>
/// <param name="beatSoon">Asks for a heartbeat before the next regular one.</param>
/// <param name="time">Its clock.</param>
/// <param name="log">Hears of damage.</param>
internal sealed class Membership(Primary primary, Func<string> announced, Action beatSoon, TimeProvider time, ILogger log) : IMembershipView
{
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan Lapse = TimeSpan.FromSeconds(2);

    // However often there is something to announce: at most ten heartbeats a second.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    // After an outage a live session may pause for that long before it makes its handshake.
    private static readonly TimeSpan Grace = Lapse + Primary.LongestPause + TimeSpan.FromSeconds(1);

    private volatile MembershipSnapshot? _snapshot;
    private volatile ServerClock? _clock;
    private volatile Reprieve _reprieve = new(long.MinValue, long.MinValue, []);
    private Session? _session;
    private long _begun;
    private long _firstAttempt = long.MinValue;
    private long _lastBeat = long.MinValue;

    // That of the last heartbeat.
    private long _worldLine;

    // When the session's record last got its whole life, at the latest.
    private long _renewedAt;

    /// <summary>Raised after every heartbeat. Handlers return at once and do not throw.</summary>
    public event Action? Beaten;

    /// <summary>
    /// Raised when others may have taken us for dead: Redis has to be asked for what is owned. Handlers return at once and do not throw.
    /// </summary>
    public event Action? Lapsed;

    /// <summary>Who was alive at the last heartbeat; null before the first, and while Redis is away.</summary>
    public MembershipSnapshot? Snapshot => _snapshot;

    /// <summary>Whether our heartbeat is so old that others may take us for dead.</summary>
    public bool IsLapsed => Since(Volatile.Read(ref _lastBeat)) > Lapse;

    public long Begun => Volatile.Read(ref _begun);

    /// <summary>
    /// Wall clock of Redis, which alone decides what has expired: a pod's own may be wrong or be set. Late by at most the time that a reply
    /// takes, so that no live message is taken for expired. Before the first heartbeat 0, when nothing is sent anyway.
    /// </summary>
    public long ServerMs => _clock is { } clock ? clock.ServerMs + (long)time.GetElapsedTime(clock.HeardAt).TotalMilliseconds : 0;

    /// <summary>
    /// Only a heartbeat later than the claim can tell: at an earlier one the session may not have been there yet. For a while after an
    /// outage only who has written one since is judged: the others could not write theirs either.
    /// </summary>
    public bool IsDead(string session, long beat) =>
        _snapshot is { } snapshot
        && snapshot.Beat > beat
        && !snapshot.Has(session)
        && _reprieve is var reprieve
        && (time.GetTimestamp() >= reprieve.Until || reprieve.CameBack.Contains(session));

    /// <summary>What is announced has changed; the others should not learn it only at the next regular heartbeat.</summary>
    public void Announce() => beatSoon();

    /// <summary>One heartbeat; returns how long to wait for the next.</summary>
    public async Task<TimeSpan> BeatAsync(CancellationToken cancellation)
    {
        if (Since(_lastBeat) is var since && since < ShortestPause)
        {
            return ShortestPause - since;
        }

        if (_firstAttempt == long.MinValue)
        {
            _firstAttempt = time.GetTimestamp();
        }

        try
        {
            var session = await primary.ReadyAsync(cancellation);
            // Our older session is nobody's rival.
            if (_session is not null && _session != session)
            {
                await LeaveAsync(_session, cancellation);
            }

            await RenewAsync(session, cancellation);
            _session = session;
            await BeatAsync(session, cancellation);
            return Beat;
        }
        catch
        {
            // What was known before an outage says nothing about who survived it.
            _snapshot = null;
            throw;
        }
    }

    /// <summary>Says goodbye, so that nobody waits for the heartbeat to lapse.</summary>
    public Task<RedisReply> LeaveAsync(Session session, CancellationToken cancellation) => CallAsync(session, "", cancellation);

    /// <summary>
    /// Batches renew the session's record; where none comes for long, a handler that works for hours would find its session gone, and its
    /// message be delivered again for ever.
    /// </summary>
    private async Task RenewAsync(Session session, CancellationToken cancellation)
    {
        if (_session != session)
        {
            _renewedAt = time.GetTimestamp();
        }
        else if (time.GetElapsedTime(_renewedAt) >= Session.Life / 4)
        {
            await primary.RenewAsync(session, cancellation);
            _renewedAt = time.GetTimestamp();
        }
    }

    private async Task BeatAsync(Session session, CancellationToken cancellation)
    {
        // The server sees it later than this, so that we doubt ourselves before the others do.
        var began = time.GetTimestamp();
        var (text, beat) = (announced(), Interlocked.Increment(ref _begun));
        var reply = await CallAsync(session, text.Length > 0 ? text : MembershipSnapshot.Nothing, cancellation);
        var snapshot = Read(beat, reply);
        Spare(snapshot, began);
        if (_lastBeat != long.MinValue && IsLapsed)
        {
            Lapsed?.Invoke();
        }

        Volatile.Write(ref _lastBeat, began);
        foreach (var damaged in snapshot.Damaged)
        {
            log.HeartbeatWasDamaged(damaged);
        }

        (_clock, _snapshot) = (new(snapshot.ServerMs, time.GetTimestamp()), snapshot);
        Beaten?.Invoke();
    }

    private MembershipSnapshot Read(long beat, RedisReply reply)
    {
        try
        {
            return MembershipSnapshot.Read(beat, reply);
        }
        catch (Exception other) when (other is FormatException or IndexOutOfRangeException)
        {
            primary.Invalidate(Invalidation.LibraryMissing);
            throw new DarqException(
                ErrorCode.Unavailable,
                "UNAVAILABLE: a component of an earlier version has put its function library back; it is replaced again.",
                other
            );
        }
    }

    /// <summary>
    /// How long ago an outage ended of which this heartbeat tells; null where it tells of none. A gap in our own heartbeats tells of one,
    /// and so does a first one that had to wait for Redis. A recovery tells of one to a process that began meanwhile, and where the outage
    /// was short for us alone: its world-line is the time that it was made. A clock of Redis that is set makes the others look as silent
    /// as an outage does, or as if they had just been heard.
    /// </summary>
    private TimeSpan? EndOfOutage(long serverMs)
    {
        var isOther = _worldLine != primary.WorldLine;
        _worldLine = primary.WorldLine;
        var isGap = Since(_lastBeat == long.MinValue ? _firstAttempt : _lastBeat) > Lapse;
        var isLeap = _clock is not null && Math.Abs(serverMs - ServerMs) > Lapse.TotalMilliseconds / 2;
        return isGap || isLeap ? TimeSpan.Zero
            // One that is ahead of the clock was made before that was set back.
            : isOther ? TimeSpan.FromMilliseconds(Math.Max(0, serverMs - _worldLine))
            : null;
    }

    private void Spare(MembershipSnapshot snapshot, long began)
    {
        var now = time.GetTimestamp();
        if (EndOfOutage(snapshot.ServerMs) is { } ago && now - Ticks(ago) > _reprieve.From)
        {
            _reprieve = new(now - Ticks(ago), now - Ticks(ago) + Ticks(Grace), []);
        }

        if (now < _reprieve.Until)
        {
            var cameBack = snapshot.HeardWithin(time.GetElapsedTime(_reprieve.From, began));
            _reprieve = _reprieve with { CameBack = [.. _reprieve.CameBack, .. cameBack] };
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private TimeSpan Since(long timestamp) => timestamp == long.MinValue ? TimeSpan.MaxValue : time.GetElapsedTime(timestamp);

    private Task<RedisReply> CallAsync(Session session, string text, CancellationToken cancellation) =>
        primary.CallAsync(
            new(
                FunctionLibrary.Function("beat"),
                primary.Keys.Members,
                [session.Id, text, (long)Lapse.TotalMilliseconds, (long)Forgotten.TotalMilliseconds, 1]
            ),
            cancellation
        );

    /// <summary>When an outage ended, until when those are spared who did not come back from it, and who did.</summary>
    private sealed record Reprieve(long From, long Until, HashSet<string> CameBack);

    /// <summary>What the server's clock said, and when that was heard.</summary>
    private sealed record ServerClock(long ServerMs, long HeardAt);
}

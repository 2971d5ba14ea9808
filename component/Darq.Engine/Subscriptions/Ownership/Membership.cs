using Darq.Engine.Connection;
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

    private volatile MembershipSnapshot? _snapshot;
    private volatile ServerClock? _clock;
    private Session? _session;
    private long _begun;
    private long _lastBeat = long.MinValue;
    private long _judgeFrom = long.MinValue;

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
    /// Only a heartbeat later than the claim can tell: at an earlier one the session may not have been there yet. Nobody is judged for a
    /// while after a gap in our own: if that was an outage, the others could not write theirs either.
    /// </summary>
    public bool IsDead(string session, long beat) =>
        _snapshot is { } snapshot && snapshot.Beat > beat && !snapshot.Has(session) && time.GetTimestamp() >= Volatile.Read(ref _judgeFrom);

    /// <summary>What is announced has changed; the others should not learn it only at the next regular heartbeat.</summary>
    public void Announce() => beatSoon();

    /// <summary>One heartbeat; returns how long to wait for the next.</summary>
    public async Task<TimeSpan> BeatAsync(CancellationToken cancellation)
    {
        if (Since(_lastBeat) is var since && since < ShortestPause)
        {
            return ShortestPause - since;
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
        if (_lastBeat != long.MinValue && IsLapsed)
        {
            Volatile.Write(ref _judgeFrom, time.GetTimestamp() + (long)(Lapse.TotalSeconds * time.TimestampFrequency));
            Lapsed?.Invoke();
        }

        Volatile.Write(ref _lastBeat, began);
        var snapshot = MembershipSnapshot.Read(beat, reply);
        foreach (var damaged in snapshot.Damaged)
        {
            log.HeartbeatWasDamaged(damaged);
        }

        (_clock, _snapshot) = (new(snapshot.ServerMs, time.GetTimestamp()), snapshot);
        Beaten?.Invoke();
    }

    private TimeSpan Since(long timestamp) => timestamp == long.MinValue ? TimeSpan.MaxValue : time.GetElapsedTime(timestamp);

    private Task<RedisReply> CallAsync(Session session, string text, CancellationToken cancellation) =>
        primary.CallAsync(
            new(
                FunctionLibrary.Function("beat"),
                primary.Keys.Members,
                [session.Id, text, (long)Lapse.TotalMilliseconds, (long)Forgotten.TotalMilliseconds]
            ),
            cancellation
        );

    /// <summary>What the server's clock said, and when that was heard.</summary>
    private sealed record ServerClock(long ServerMs, long HeardAt);
}

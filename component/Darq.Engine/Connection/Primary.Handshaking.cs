using Darq.Engine.Core;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Connection;

/// <summary>The handshake loop: when it runs, how long it waits after a failure, and how its outcome opens or closes the primary.</summary>
internal sealed partial class Primary
{
    // Under _lock.
    private readonly List<Resumption> _resumptions = [];

    // Of the handshake loop alone: a loss that not every claim has heard of yet.
    private bool _hasLost;

    /// <summary>
    /// Runs after every handshake and before any batch: claims are resumed or found lost here. A fault makes the handshake fail.
    /// </summary>
    public void OnHandshake(Resumption resume)
    {
        lock (_lock)
        {
            _resumptions.Add(resume);
        }
    }

    /// <summary>The opposite of <see cref="OnHandshake"/>, for what has no claims any more. Safe to repeat.</summary>
    public void OffHandshake(Resumption resume)
    {
        lock (_lock)
        {
            _resumptions.Remove(resume);
        }
    }

    /// <summary>
    /// Waits for a first handshake. True: ready. False: Redis was not reached within the time; the handshake loop keeps trying.
    /// Throws <see cref="DarqException"/> (Misconfigured) with the setting to change. Safe to repeat.
    /// </summary>
    public async Task<bool> ConnectAsync(TimeSpan within, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(within, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            await WaitForSessionAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>
    /// Makes a handshake, then waits until another is wanted. After a failure it tries again after 50 ms, doubling up to two seconds;
    /// every five seconds where Redis or the settings rule it out.
    /// </summary>
    private async Task<TimeSpan> HandshakeRoundAsync(CancellationToken cancellation)
    {
        try
        {
            await HandshakeAsync(cancellation);
            return Timeout.InfiniteTimeSpan;
        }
        catch (DarqException refused) when (refused.Code == ErrorCode.Misconfigured)
        {
            Refuse(refused);
            return RefusedPause;
        }
        catch (RedisRefusedException refused) when (!refused.IsAway)
        {
            Refuse(RefusedHandshake(refused));
            return RefusedPause;
        }
    }

    private async Task HandshakeAsync(CancellationToken cancellation)
    {
        Session? session;
        Session? replaced;
        int lost;
        lock (_lock)
        {
            lost = _sessionsLost;
            (session, replaced) = lost != _sessionsReplaced ? ((Session?)null, _session) : (_session, null);
        }

        // What comes from now on, Redis may have done after it answered the handshake.
        var whenAsked = Applied.Snapshot();
        var answered = session is null ? 0 : _queue.AnsweredOf(session);
        var report = await _handshake.RunAsync(session, answered, replaced, WorldLine, cancellation);
        _outage.Answered();
        var durability = await _durability.AskAsync(report.ReplicationId, cancellation);
        // From here on nothing of the handshake fails before its world-line counts. Who waits for durability has to hear of the recovery
        // before another level lets it go.
        _handshake.Keep(report);
        var isOther = TakeIn(report, whenAsked);
        ReplicationId = report.ReplicationId;
        Volatile.Write(ref _worldLine, report.WorldLine);
        if (isOther)
        {
            _durability.Hurry();
        }

        if (await Hold.AskAsync(report.Identity, cancellation))
        {
            // What was read before may not go out either.
            _hasLost = true;
            Watermark.OnRecovered();
        }

        _durability.Apply(durability);
        Resumption[] resumptions;
        lock (_lock)
        {
            resumptions = [.. _resumptions];
        }

        foreach (var resume in resumptions)
        {
            await resume(report.Session, _hasLost, cancellation);
        }

        _hasLost = false;

        lock (_lock)
        {
            (_session, _sessionsReplaced, _refused) = (report.Session, lost, null);
            if (_sessionsLost == lost)
            {
                _ready.Open(report.Session);
            }
            else
            {
                // This session was given up during its handshake.
                _handshaking.Wake();
            }
        }
        _log.PrimaryWasConnected(_options.Name, report.WorldLine, report.Session.Id);
    }

    /// <summary>Gives the record of a session its whole life again; where it is gone, a new session is opened.</summary>
    public async Task RenewAsync(Session session, CancellationToken cancellation)
    {
        if (!await _handshake.IsOpenAsync(session, isNew: false, _queue.AnsweredOf(session), replaced: null, cancellation))
        {
            Invalidate(Invalidation.SessionGone);
        }
    }

    /// <summary>What a caller hears whose time is over.</summary>
    public DarqException NoAnswer() =>
        new(
            ErrorCode.Unavailable,
            $"UNAVAILABLE: {_lasting.Describe() ?? $"Redis at {_redis.Address} gave no answer in time"}"
                + $"{(_ready.IsOpen ? "" : $" ({_outage.Reason})")}; whether the request took or will take effect is unknown, and "
                + "repeating it with the same id or token is safe."
        );

    /// <summary>What was claimed under the session may rest on what is lost: a new session claims anew.</summary>
    private void OnLateLoss(Loss loss)
    {
        Note(loss);
        Watermark.OnRecovered();
        Invalidate(Invalidation.SessionGone);
    }

    private void Note(Loss loss)
    {
        Counters.Losses.Add();
        _log.AppliedWritesWereLost(loss.Count, loss.Partition, loss.Applied, loss.Survived);
        if (loss.IsBrokenPromise)
        {
            Counters.BrokenPromises.Add();
            _log.DurablePromiseWasBroken(Watermark.Rung.Level.ToString(), loss.Partition, loss.Survived);
        }
    }

    /// <summary>Says what a handshake found, and what of that is lost; true where it is another world-line than before.</summary>
    private bool TakeIn(HandshakeResult report, Position[] whenAsked)
    {
        var isOther = report.WorldLine != WorldLine;
        Counters.Recoveries.Add(WorldLine != 0 && isOther ? 1 : 0);
        foreach (var header in report.Damaged)
        {
            _log.HeaderIsDamaged(header);
        }

        if (report.KeepsFile is { } why)
        {
            _log.FileWasNotRewritten(_redis.Address, why);
        }

        if (report.Replaced is { } identity)
        {
            _log.DataWereReplaced(_options.Name, identity);
        }

        if (Watermark.Rung is { NeedsRounds: false, IsDurable: true })
        {
            Applied.Confirm(Applied.Snapshot());
        }

        var loss = Applied.Compare(report, whenAsked);
        if (loss is { IsBrokenPromise: true })
        {
            // Before those who wait find that their own survived. Others who were in this world-line name the same, whenever they come.
            Hold.Notice(WorldLine);
        }

        if (isOther || loss is not null)
        {
            Watermark.OnRecovered();
        }

        if (report.Replaced is not null)
        {
            Hold.Forget(report.Identity);
        }

        if (loss is not null)
        {
            _hasLost = true;
            Note(loss);
        }

        return isOther;
    }

    private void Refuse(DarqException refused)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = _refused?.Message != refused.Message;
            _refused = refused;
            // The waiting calls fail with it; the next successful handshake opens it.
            _ready.Fail(refused);
        }
        _outage.Answered();
        if (isNew)
        {
            _log.PrimaryWasRefused(refused.Message);
        }
    }

    private static DarqException RefusedHandshake(RedisRefusedException refused) =>
        new(
            ErrorCode.Misconfigured,
            refused.Code switch
            {
                "WRONGPASS" => "MISCONFIGURED: Redis refused the user name or password; "
                    + "set redisUsername and redisPassword to those of an ACL user, or redisPassword alone to the server's own "
                    + "(requirepass).",
                "NOAUTH" =>
                    "MISCONFIGURED: Redis asks for a password and none is given; set redisPassword to the server's own (requirepass), "
                        + "with redisUsername to that of an ACL user.",
                "ERR" when refused.Message.Contains("without any password configured", StringComparison.Ordinal) =>
                    "MISCONFIGURED: redisPassword is given, but Redis has no password for its default user; leave redisPassword out, "
                        + "or set requirepass on the server.",
                "NODATABASE" => $"MISCONFIGURED: {refused.Message["NODATABASE ".Length..]}; accepted: a number below 'databases' of its "
                    + "configuration, and 0 alone where it is a cluster.",
                "SENTINELPORT" => $"MISCONFIGURED: {refused.Message["SENTINELPORT ".Length..]}; set failover: true and sentinelMasterName, "
                    + "or give redisHost the address of a Redis.",
                "SENTINELAUTH" => "MISCONFIGURED: the sentinels refused the login; set sentinelUsername and sentinelPassword to theirs.",
                "SENTINELNAME" => $"MISCONFIGURED: {refused.Message["SENTINELNAME ".Length..]}; "
                    + "set sentinelMasterName to the name in their 'sentinel monitor' lines.",
                "NOPERM" => $"MISCONFIGURED: the Redis user lacks a permission: {refused.Message}. The component needs the commands listed "
                    + "in SECURITY.md, FUNCTION and FCALL among them.",
                _ => $"MISCONFIGURED: Redis refused the connection: {refused.Message}.",
            }
        );
}

/// <summary>Resumes the claims made before a handshake, under the session given; after a loss none of them is valid.</summary>
internal delegate Task Resumption(Session session, bool lost, CancellationToken cancellation);

using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Connection;

/// <summary>Handshakes: when one is made, how long it waits after a failure, and what its outcome opens or closes.</summary>
internal sealed partial class Primary
{
    /// <summary>
    /// Makes a handshake when one is wanted, for as long as it takes: quick first tries, then every two seconds; refused: every five.
    /// </summary>
    private async Task HandshakeLoopAsync()
    {
        // The simulator and the owner's constructor must not run handshake work inside themselves.
        await Task.Yield();
        var pause = ShortestPause;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await HandshakeAsync(_stopping.Token);
                pause = ShortestPause;
                await WantedAsync();
                continue;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (DarqException refused) when (refused.Code == ErrorCode.Misconfigured)
            {
                Refuse(refused);
                pause = RefusedPause;
            }
            catch (RedisRefusedException refused)
            {
                if (refused.Code is "LOADING" or "MASTERDOWN" or "READONLY" or "BUSY")
                {
                    pause = Longer(pause);
                }
                else
                {
                    Refuse(RefusedHandshake(refused));
                    pause = RefusedPause;
                }
            }
            catch (Exception fault) when (fault is RedisUnavailableException or DarqException)
            {
                if (pause == ShortestPause)
                {
                    _log.ConnectionWasLost(fault.Message);
                }

                pause = Longer(pause);
            }
            catch (Exception fault) when (!_stopping.IsCancellationRequested)
            {
                // Whatever it was, nobody else would ever make a handshake again.
                _log.HandshakeFailed(fault);
                pause = Longer(pause);
            }
            await Task.Delay(pause, _time, _stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task HandshakeAsync(CancellationToken cancellation)
    {
        Session? session;
        lock (_lock)
        {
            _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
            session = _sessionGone ? null : _session;
        }
        var report = await _handshake.RunAsync(session, WorldLine, cancellation);
        var loss = Applied.Compare(report);
        if (loss is not null)
        {
            _log.AppliedWritesWereLost(loss.Count, loss.Partition, loss.Applied, loss.Survived);
        }

        ReplicationId = report.ReplicationId;
        Volatile.Write(ref _worldLine, report.WorldLine);
        Resumption[] resumptions;
        lock (_lock)
        {
            resumptions = [.. _resumptions];
        }

        foreach (var resume in resumptions)
        {
            await resume(report.Session, loss is not null, cancellation);
        }

        lock (_lock)
        {
            if (_wanted.Task.IsCompleted)
            {
                return;
            }

            (_session, _sessionGone, _refused) = (report.Session, false, null);
            _ready.Open(report.Session);
        }
        _log.PrimaryWasConnected(_options.Name, report.WorldLine, report.Session.Id);
        ReadyChanged?.Invoke();
    }

    private Task WantedAsync()
    {
        lock (_lock)
        {
            return _wanted.Task;
        }
    }

    private void Refuse(DarqException refused)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = _refused?.Message != refused.Message;
            _refused = refused;
            // Whoever waits for it is told; the next handshake opens it.
            _ready.Fail(refused);
        }
        if (isNew)
        {
            _log.PrimaryWasRefused(refused.Message);
        }

        ReadyChanged?.Invoke();
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

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
                "SENTINELAUTH" => "MISCONFIGURED: the sentinels refused the login; set sentinelUsername and sentinelPassword to theirs.",
                "SENTINELNAME" => $"MISCONFIGURED: {refused.Message["SENTINELNAME ".Length..]}; "
                    + "set sentinelMasterName to the name in their 'sentinel monitor' lines.",
                "NOPERM" => $"MISCONFIGURED: the Redis user lacks a permission: {refused.Message}. The component needs the commands listed "
                    + "in SECURITY.md, FUNCTION and FCALL among them.",
                _ => $"MISCONFIGURED: Redis refused the first contact: {refused.Message}.",
            }
        );
}

using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Durability;

/// <summary>
/// Keeps the watermark at the rung that the server is on: asks it in every handshake, every few seconds, and where rounds bring no
/// confirmation. Auto follows replicas that come and go; each change has a log line. It also asks whether releases are held.
/// </summary>
internal sealed class DurabilityMonitor : IAsyncDisposable
{
    /// <summary>How often a server is asked whether replicas came or went.</summary>
    private static readonly TimeSpan AskedEvery = TimeSpan.FromSeconds(5);

    /// <summary>How often, and in how many rounds, it is asked after a recovery whether others hold releases since.</summary>
    private static readonly TimeSpan HurriedEvery = TimeSpan.FromSeconds(1);

    private const int HurriedRounds = 3;

    /// <summary>For how long auto asks for no more replicas than confirmed when it had to wait for others.</summary>
    private static readonly TimeSpan CappedFor = TimeSpan.FromSeconds(30);

    private readonly IRedis _redis;
    private readonly IPrimaryLink _link;
    private readonly NamespaceOptions _options;
    private readonly Watermark _watermark;
    private readonly ReleaseHold _hold;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SupervisedLoop _loop;
    private readonly Lock _lock = new();

    // Under _lock.
    private (int Replicas, long At, string Of)? _cap;

    // Under _lock: the server that was asked last, and its replicas.
    private string _asked = "";

    // Under _lock. The last server that was seen with replicas that follow it, whatever became of them.
    private string? _replicated;

    // Under _lock. How many rounds are still in a hurry.
    private int _hurried;

    // Under _lock: what was said last.
    private DurabilityRung? _said;
    private string? _warned;

    public DurabilityMonitor(
        IRedis redis,
        IPrimaryLink link,
        NamespaceOptions options,
        Watermark watermark,
        ReleaseHold hold,
        TimeProvider time,
        ILogger log,
        NamespaceCounters counters
    )
    {
        (_redis, _link, _options, _watermark, _hold, _time, _log) = (redis, link, options, watermark, hold, time, log);
        _loop = new("durability", RoundAsync, time, log) { Subject = counters.Labels };
    }

    /// <summary>Begins to ask every few seconds; for <c>reply</c> there is nothing to ask.</summary>
    public void Start()
    {
        if (_options.Durability.Kind != DurabilityKind.Reply)
        {
            _loop.Start();
        }
    }

    /// <summary>After a recovery: whether others have noticed a broken promise is asked at once, and again soon.</summary>
    public void Hurry()
    {
        lock (_lock)
        {
            _hurried = HurriedRounds;
        }

        _loop.Wake();
    }

    /// <summary>A round was confirmed by fewer replicas than it needs: auto goes by these for a while.</summary>
    public void OnStalled(int confirmed)
    {
        if (_options.Durability.Kind == DurabilityKind.Auto && _watermark.StalledFor >= Watermark.RoundTime)
        {
            lock (_lock)
            {
                _cap = (confirmed, _time.GetTimestamp(), _asked);
            }
        }

        _loop.Wake();
    }

    /// <summary>
    /// Asks the server of this replication id. Throws <see cref="DarqException"/> (Misconfigured) where the level cannot be reached there,
    /// <see cref="RedisUnavailableException"/> where another one answers, and the faults of <see cref="IRedis"/>.
    /// </summary>
    public async Task<Asked> AskAsync(string replicationId, CancellationToken cancellation)
    {
        var level = _options.Durability;
        if (level.Kind == DurabilityKind.Reply)
        {
            return new(replicationId, DurabilityRung.Unknown, null);
        }

        var askReplicas = level.Kind is DurabilityKind.Auto or DurabilityKind.ReplicaFsync;
        var facts = await _redis.DescribeDurabilityAsync(askReplicas, cancellation);
        if (facts.ReplicationId.Length > 0 && facts.ReplicationId != replicationId)
        {
            throw new RedisUnavailableException("another server answers than a moment ago") { HasAnswered = true };
        }

        if (IsReplicated(replicationId, facts) && level.Kind == DurabilityKind.Auto)
        {
            // One that is cut off from its replicas looks like one that has none, and they may be promoted.
            facts = facts with
            {
                IsFailedOver = true,
            };
        }

        return new(
            replicationId,
            DurabilityCheck.Resolve(level, facts, MostReplicas(replicationId, facts)),
            DurabilityCheck.WarningOf(level, facts)
        );
    }

    /// <summary>Puts the rung of a server in force, if that is still the one of the last handshake.</summary>
    public void Apply(Asked asked)
    {
        lock (_lock)
        {
            if (asked.ReplicationId == _link.ReplicationId)
            {
                _watermark.Set(asked.Rung);
                Say(asked.Rung, asked.Warning);
            }
        }
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task<TimeSpan> RoundAsync(CancellationToken cancellation)
    {
        await _link.ReadyAsync(cancellation);
        await FollowAsync(cancellation);
        await HearAsync(cancellation);
        lock (_lock)
        {
            _hurried = Math.Max(0, _hurried - 1);
            return _hurried > 0 ? HurriedEvery : AskedEvery;
        }
    }

    /// <summary>Takes the rung that the server is on now.</summary>
    private async Task FollowAsync(CancellationToken cancellation)
    {
        try
        {
            Apply(await AskAsync(_link.ReplicationId, cancellation));
        }
        catch (DarqException refused) when (refused.Code == ErrorCode.Misconfigured)
        {
            // The handshake finds the same, and every call says it.
            _link.Invalidate(Invalidation.Reconnected);
        }
        catch (RedisUnavailableException other) when (other.HasAnswered)
        {
            // Nobody else may notice it: one whose first replica comes changes its replication id and drops no connection.
            _link.Invalidate(Invalidation.NeedsRecovery);
        }
    }

    /// <summary>Hears whether releases are to be held, or may go on.</summary>
    private async Task HearAsync(CancellationToken cancellation)
    {
        try
        {
            if (await _hold.AskAsync(cancellation))
            {
                // What this process has read already may not go out: it begins anew.
                _watermark.OnRecovered();
                _link.Invalidate(Invalidation.SessionGone);
            }
        }
        catch (RedisRefusedException refused)
        {
            if (!await _link.IsPassingAsync(refused, cancellation))
            {
                throw;
            }
        }
    }

    private bool IsReplicated(string replicationId, DurabilityFacts facts)
    {
        lock (_lock)
        {
            _replicated = facts.Following.Any() ? replicationId : _replicated;
            return _replicated == replicationId;
        }
    }

    /// <summary>More do not confirm at the moment. What another server or other replicas did says nothing of these.</summary>
    private int MostReplicas(string replicationId, DurabilityFacts facts)
    {
        lock (_lock)
        {
            _asked =
                $"{replicationId} {string.Join(' ', facts.Following.Select(replica => replica.Address).Order(StringComparer.Ordinal))}";
            if (_cap is { } cap && (cap.Of != _asked || _time.GetElapsedTime(cap.At) >= CappedFor))
            {
                _cap = null;
            }

            return _cap?.Replicas ?? int.MaxValue;
        }
    }

    private void Say(DurabilityRung rung, string? warning)
    {
        if (_options.Durability.Kind == DurabilityKind.Reply)
        {
            return;
        }

        if (rung != _said)
        {
            _log.DurabilityIs(_options.Name, _options.Durability.ToString(), rung.Level.ToString(), rung.AtRisk);
            _said = rung;
        }

        if (warning is not null && warning != _warned)
        {
            _log.DurabilityIsDoubtful(_options.Name, warning);
        }

        _warned = warning;
    }
}

/// <summary>What a server was found to reach.</summary>
/// <param name="ReplicationId">Which server.</param>
/// <param name="Rung">What is in force there.</param>
/// <param name="Warning">What an operator should know; null where there is nothing.</param>
internal sealed record Asked(string ReplicationId, DurabilityRung Rung, string? Warning);

using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Durability;

/// <summary>
/// What of a primary is durable. Who has to know waits for a round that begins after Redis answered: on a connection of its own it
/// writes something small and asks how many replicas have it. Redis has one order of all writes, so that a confirmed round confirms
/// whatever was applied before it began. Rounds follow each other while somebody waits or one has failed; else there are none. Memory:
/// what waits; callers stop at <see cref="MaxWaiting"/>.
/// </summary>
internal sealed class Watermark : IAsyncDisposable
{
    public const int MaxWaiting = 8192;

    /// <summary>How long one round waits for replicas.</summary>
    public static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly IRedis _redis;
    private readonly IPrimaryLink _link;
    private readonly AppliedPositions _applied;
    private readonly Keys _keys;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly NamespaceCounters _counters;
    private readonly SupervisedLoop _loop;
    private readonly Lock _lock = new();

    // Written under _lock.
    private volatile DurabilityRung _rung = DurabilityRung.Unknown;

    // Written under _lock: why nothing counts as durable, whatever the rung; null where nothing is held.
    private volatile string? _whyHeld;

    // Under _lock. In the order of their rounds.
    private readonly LinkedList<DurabilityWait> _waiting = [];
    private long _begun;
    private long _confirmed;
    private int _recoveries;
    private int _replicas;
    private long? _stalledSince;
    private bool _isStallSaid;
    private bool _isStarted;

    // Of the loop alone: in whose header it ticks.
    private int _partition;

    public Watermark(
        IRedis redis,
        IPrimaryLink link,
        AppliedPositions applied,
        Keys keys,
        TimeProvider time,
        ILogger log,
        NamespaceCounters counters
    )
    {
        (_redis, _link, _applied, _keys, _time, _log, _counters) = (redis, link, applied, keys, time, log, counters);
        _loop = new("watermark", RoundAsync, time, log) { ShortestPause = Pause, Subject = counters.Labels };
    }

    /// <summary>Hears how many replicas confirmed a round that needs more. Returns at once, does not throw.</summary>
    public Action<int>? Stalled { private get; init; }

    public DurabilityRung Rung => _rung;

    /// <summary>Whether what Redis answered is as durable as it gets.</summary>
    public bool IsReplyEnough => !_rung.NeedsRounds && !IsHeld;

    /// <summary>Whether nothing counts as durable at the moment, see <see cref="Hold"/>.</summary>
    public bool IsHeld => _whyHeld is not null;

    /// <summary>For how long rounds have brought no confirmation; zero while they do, or none is needed.</summary>
    public TimeSpan StalledFor
    {
        get
        {
            lock (_lock)
            {
                return _stalledSince is { } since ? _time.GetElapsedTime(since) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Why nothing becomes durable, in words; null while it does.</summary>
    public string? WhyStalled
    {
        get
        {
            lock (_lock)
            {
                return _whyHeld is { } why ? why
                    : _stalledSince is { } since && _time.GetElapsedTime(since) is var age && age >= RoundTime
                        ? $"durability {_rung.Level} has not been reached for {age.TotalSeconds:0} s: {_replicas} of {_rung.Level.Replicas} "
                            + "replicas confirm"
                    : null;
            }
        }
    }

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>To be taken before a request is sent, and handed to <see cref="DurableAsync"/> once it is answered.</summary>
    public RecoveryCount Recoveries => new(Volatile.Read(ref _recoveries));

    /// <summary>
    /// Waits until what this process knows as applied is durable: true. False where a recovery came in between: only what has a position
    /// that survived is still there, and may be waited for anew. Cancelling ends the wait only.
    /// </summary>
    public async ValueTask<bool> DurableAsync(RecoveryCount before, CancellationToken cancellation) =>
        await WaitAsync(before, cancellation) != WaitEnd.Recovered;

    /// <summary>The same, telling a confirmation from a level that asks for none.</summary>
    public async ValueTask<WaitEnd> WaitAsync(RecoveryCount before, CancellationToken cancellation) =>
        Enqueue(before) is { } wait ? await EndAsync(wait, cancellation)
        : Recoveries == before ? WaitEnd.NotNeeded
        : WaitEnd.Recovered;

    /// <summary>Puts another rung in force. Who waits for more than it asks for goes on.</summary>
    public void Set(DurabilityRung rung)
    {
        DurabilityWait[] released;
        lock (_lock)
        {
            _rung = rung;
            if (rung.NeedsRounds && !_isStarted)
            {
                _isStarted = true;
                _loop.Start();
            }

            released = NotNeeded();
        }
        DurabilityWait.End(released, WaitEnd.NotNeeded);
    }

    /// <summary>Keeps all waiting, on whatever rung, for the reason given. Safe to repeat.</summary>
    public void Hold(string why)
    {
        lock (_lock)
        {
            _whyHeld = why;
            _stalledSince ??= _time.GetTimestamp();
        }
    }

    /// <summary>The opposite of <see cref="Hold"/>: who waits goes on as the rung says. Safe to repeat.</summary>
    public void Resume()
    {
        DurabilityWait[] released;
        lock (_lock)
        {
            (_whyHeld, _stalledSince) = (null, null);
            released = NotNeeded();
        }
        DurabilityWait.End(released, WaitEnd.NotNeeded);
        _loop.Wake();
    }

    /// <summary>Another server process answers, or writes were lost: who waits has to look whether its own are still there.</summary>
    public void OnRecovered()
    {
        DurabilityWait[] unclear;
        lock (_lock)
        {
            _recoveries++;
            unclear = TakeUpTo(long.MaxValue);
            // How long another process did not confirm says nothing of this one.
            _stalledSince = IsHeld ? _stalledSince : null;
        }
        DurabilityWait.End(unclear, WaitEnd.Recovered);
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        DurabilityWait[] left;
        lock (_lock)
        {
            left = TakeUpTo(long.MaxValue);
        }
        foreach (var waiter in left)
        {
            waiter.Source.TrySetException(new DarqException(ErrorCode.Unavailable, "UNAVAILABLE: the component is stopping."));
        }
    }

    /// <summary>Null where there is nothing to wait for.</summary>
    private DurabilityWait? Enqueue(RecoveryCount before)
    {
        DurabilityWait waiter;
        lock (_lock)
        {
            if (Recoveries != before || IsReplyEnough)
            {
                return null;
            }

            waiter = new(_begun + 1);
            waiter.Node = _waiting.AddLast(waiter);
        }
        _loop.Wake();
        return waiter;
    }

    private async Task<WaitEnd> EndAsync(DurabilityWait waiter, CancellationToken cancellation)
    {
        await using var givingUp = cancellation.UnsafeRegister(
            (_, token) =>
            {
                lock (_lock)
                {
                    if (waiter.Node.List is not null)
                    {
                        _waiting.Remove(waiter.Node);
                    }
                }

                waiter.Source.TrySetCanceled(token);
            },
            null
        );
        return await waiter.Source.Task;
    }

    /// <summary>One round, where somebody waits or the last one failed.</summary>
    private async Task<TimeSpan> RoundAsync(CancellationToken cancellation)
    {
        if (!HasWork())
        {
            return Timeout.InfiniteTimeSpan;
        }

        await _link.ReadyAsync(cancellation);
        DurabilityRung rung;
        Round round;
        lock (_lock)
        {
            rung = _rung;
            round = new(++_begun, Recoveries, rung.Level, _time.GetTimestamp());
        }
        if (!rung.NeedsRounds)
        {
            return TimeSpan.Zero;
        }

        // What is noted from now on may come after the tick.
        var (snapshot, replicationId) = (_applied.Snapshot(), _link.ReplicationId);
        var found = await ConfirmAsync(rung, round, cancellation);
        var isOurs = found is { IsOneConnection: true } && found.Value.Tick == replicationId;
        if (isOurs && found!.Value.Replicas >= rung.Level.Replicas && Confirm(round, snapshot))
        {
            _counters.DurabilityRounds.Add();
            return TimeSpan.Zero;
        }

        if (found is { } other && other.Tick != replicationId)
        {
            // Another server, or one that has to be recovered: the handshake finds out.
            _link.Invalidate(Invalidation.NeedsRecovery);
        }

        Note(round, isOurs ? found!.Value.Replicas : 0);
        await Task.Delay(Pause, _time, cancellation);
        return TimeSpan.Zero;
    }

    /// <summary>Null where Redis refused it for a reason that passes by itself, or another partition's header has to be taken.</summary>
    private async Task<Confirmation?> ConfirmAsync(DurabilityRung rung, Round round, CancellationToken cancellation)
    {
        var tick = new FunctionCall(FunctionLibrary.Function("tick"), _keys.PartitionHeader(_partition), [_link.WorldLine]);
        try
        {
            return await _redis.ConfirmAsync(tick, rung.Level.Replicas, rung.NeedsFlush, RoundTime, cancellation);
        }
        catch (RedisRefusedException refused) when (refused.Message.Contains("DAMAGED", StringComparison.Ordinal))
        {
            _partition = (_partition + 1) % _keys.Partitions;
            return null;
        }
        catch (RedisRefusedException refused)
        {
            Note(round, replicas: 0);
            if (await _link.IsPassingAsync(refused, cancellation))
            {
                return null;
            }

            throw;
        }
        catch
        {
            Note(round, replicas: 0);
            throw;
        }
    }

    private bool HasWork()
    {
        lock (_lock)
        {
            return _rung.NeedsRounds && !IsHeld && (_waiting.Count > 0 || _begun > _confirmed);
        }
    }

    /// <summary>False where a recovery, another level or a hold came in between.</summary>
    private bool Confirm(Round round, Position[] snapshot)
    {
        DurabilityWait[] confirmed;
        bool wasSaid;
        lock (_lock)
        {
            if (Recoveries != round.Recoveries || _rung.Level != round.Level || IsHeld)
            {
                return false;
            }

            // Before anybody goes on, who may ask at once whether his own is durable.
            _applied.Confirm(snapshot);
            _confirmed = round.Number;
            confirmed = TakeUpTo(round.Number);
            (wasSaid, _stalledSince, _isStallSaid) = (_isStallSaid, null, false);
        }
        DurabilityWait.End(confirmed, WaitEnd.Confirmed);

        if (wasSaid)
        {
            _log.DurabilityIsReachedAgain(round.Level.ToString());
        }

        return true;
    }

    /// <summary>A round was not confirmed.</summary>
    private void Note(Round round, int replicas)
    {
        bool isNew;
        lock (_lock)
        {
            if (IsHeld || round.Level != _rung.Level || round.Recoveries != Recoveries)
            {
                return;
            }

            _replicas = replicas;
            _stalledSince ??= round.BegunAt;
            isNew = !_isStallSaid && _time.GetElapsedTime(_stalledSince.Value) >= RoundTime;
            _isStallSaid |= isNew;
        }
        if (isNew)
        {
            _log.DurabilityIsNotReached(round.Level.ToString(), replicas, round.Level.Replicas);
        }

        Stalled?.Invoke(replicas);
    }

    /// <summary>Takes out all who wait, where the rung asks for no rounds; under the lock.</summary>
    private DurabilityWait[] NotNeeded()
    {
        if (!IsReplyEnough)
        {
            return [];
        }

        (_stalledSince, _isStallSaid, _confirmed) = (null, false, _begun);
        return TakeUpTo(long.MaxValue);
    }

    /// <summary>Takes out those who wait for a round up to this one; under the lock.</summary>
    private DurabilityWait[] TakeUpTo(long round)
    {
        List<DurabilityWait> taken = [];
        while (_waiting.First is { } first && first.Value.Round <= round)
        {
            taken.Add(first.Value);
            _waiting.RemoveFirst();
        }

        return [.. taken];
    }

    /// <summary>A round as it began.</summary>
    private readonly record struct Round(long Number, RecoveryCount Recoveries, DurabilityLevel Level, long BegunAt);
}

using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// A (group, topic) in this process: the core behind its lock, and the loops that do what it asks for. They start with the first stream
/// and sleep while there is nothing to do. Memory: as <see cref="ReadAhead"/> and <see cref="RetrySchedule"/> say.
/// </summary>
internal sealed class Subscription : IObservedSubscription, IAsyncDisposable
{
    private const int Readers = 4;

    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(2);

    private readonly Primary _primary;
    private readonly Membership _membership;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly GuardedCore _core;
    private readonly Acknowledger _acknowledger;
    private readonly Rebalancer _rebalancer;

    // Wakes one of the readers; each that finds something to read wakes another.
    private readonly AsyncAutoResetEvent _read;
    private readonly SupervisedLoop[] _readers;
    private readonly SupervisedLoop _mover;
    private readonly SupervisedLoop _fetcher;
    private readonly SupervisedLoop _balancing;
    private readonly SupervisedLoop _clock;
    private readonly ReleaseGate _gate;

    // Of the one who asks for IdleFor.
    private TimeSpan? _idleSince;

    public Subscription(
        string group,
        string topic,
        Primary primary,
        Membership membership,
        AttemptNumbers attempts,
        SubscriptionOptions options,
        TimeProvider time,
        Random random,
        ILogger log
    )
    {
        (_primary, _membership, _time, _log) = (primary, membership, time, log);
        (Group, Topic) = (group, topic);
        Name = MembershipSnapshot.Name(group, topic);
        Counters = EngineCounters.Subscriptions.Of(primary.Counters.Labels.Namespace, group, topic);
        var core = new SubscriptionCore(group, topic, primary.Keys.Partitions, options, random, attempts, Counters);
        _core = new(core, group, topic, primary, membership, time, log)
        {
            Wake = Wake,
            Settle = settlement => _acknowledger!.Begin(settlement),
        };
        _acknowledger = new(_core, primary, group, topic, time, log);
        _rebalancer = new(_core, new(primary, group, topic), primary, membership, group, topic, time, log, Counters);
        _gate = new(_core, primary, time, round => Loop("release", round));
        var reader = new LaneReader(_core, primary, _gate, topic, log);
        _read = new(time);
        _readers = [.. Enumerable.Range(0, Readers).Select(_ => Loop("read", stopping => reader.ReadAsync(_read.Set, stopping), _read))];
        _mover = Loop("retry-move", new RetryMover(_core, primary, group, topic, log).MoveAsync);
        _fetcher = Loop("retry-fetch", new RetryFetcher(_core, new(primary, group, topic), primary, _gate, topic, log).FetchAsync);
        _balancing = Loop("rebalance", _rebalancer.RebalanceAsync);
        _clock = Loop("clock", TickAsync);
        primary.OnHandshake(_rebalancer.ResumeAsync);
        foreach (var loop in Loops)
        {
            loop.Start();
        }

        LiveObjects.Enter(this);

        SupervisedLoop Loop(string kind, Func<CancellationToken, Task<TimeSpan>> round, AsyncAutoResetEvent? wake = null) =>
            new($"{kind} {Name}", round, time, log, wake) { Kind = kind, Subject = Counters.Labels };
    }

    public string Group { get; }

    public string Topic { get; }

    /// <summary>As members announce it.</summary>
    public string Name { get; }

    public TimeProvider Time => _time;

    public SubscriptionCounters Counters { get; }

    public SubscriptionStatus Status => _core.Status();

    public bool IsTaking => _core.Read(static core => core.IsTaking);

    /// <summary>Whether it has no stream and holds nothing, so that it may be closed.</summary>
    public bool IsIdle => _core.Read(static core => core.IsIdle);

    /// <summary>The partitions whose lanes this process does not own.</summary>
    public int[] PartitionsNotOwned =>
        _core.Read(static core => core.Lanes.Where(lane => !lane.Owned).Select(lane => lane.Partition).ToArray());

    /// <summary>For how long it has been idle at every question; to be asked by one thread.</summary>
    public TimeSpan IdleFor
    {
        get
        {
            _idleSince = IsIdle ? _idleSince ?? _core.Elapsed : null;
            return _core.Elapsed - (_idleSince ?? _core.Elapsed);
        }
    }

    private IEnumerable<SupervisedLoop> Loops => [.. _readers, _mover, _fetcher, _balancing, _clock];

    public SubscriptionGauges Observe() => Status.Gauges;

    /// <summary>Lets a stream take part. Lanes are claimed when the first one comes.</summary>
    public DeliveryStream Attach(string subscribedTopic, SubscriptionOptions options, AppPresence app, IDeliverySink sink)
    {
        var stream = new DeliveryStream(_core, _membership.Announce, subscribedTopic, options, app, sink, _log);
        stream.Open();
        return stream;
    }

    /// <summary>The fencing token under which this process owns the message's lane; where it does not, one that no claim has.</summary>
    public string FencingTokenOf(DeliveryToken token) => _core.FencingTokenOf(token);

    /// <summary>A step that names a delivery is on its way; <see cref="StepEnded"/> follows in any case.</summary>
    public Attempt? StepStarted(DeliveryToken token) => _core.Apply(token, static (core, token, _) => core.OnStepStarted(token));

    /// <summary>What became of it; <paramref name="fencingToken"/> is the one it was sent under.</summary>
    public void StepEnded(DeliveryToken token, Attempt? attempt, StepEnd end, string fencingToken) =>
        _core.Apply(
            (token, attempt, end, fencingToken),
            static (core, of, now) => core.OnStepEnded(of.token, of.attempt, of.end, of.fencingToken, now)
        );

    /// <summary>
    /// The message of a delivery that is out on a stream of this app, with the options of its subscription; null where it is not.
    /// </summary>
    public Outstanding? FindOutstanding(DeliveryToken token, AppPresence app) => _core.Read(core => core.FindOutstanding(token, app));

    /// <summary>The processing time of a delivery begins anew; false where it is not out.</summary>
    public bool Extend(DeliveryToken token) => _core.Apply(token, static (core, token, now) => core.OnExtend(token, now));

    /// <summary>A batch of this process appended a message to the topic.</summary>
    public void Appended(AppendedMessage message) => _gate.Release(message);

    /// <summary>Somebody appended to a partition; <paramref name="told"/> is the session that learns of it by a reply.</summary>
    public void WakeUp(int partition, long last, string told) =>
        _core.Apply((partition, last, told), static (core, of, _) => core.OnWakeUp(of.partition, of.last, of.told));

    /// <summary>Wake-ups may have been missed.</summary>
    public void WakeUpsMissed() => _core.Apply(0, static (core, _, _) => core.OnWakeUpsMissed());

    /// <summary>A lane was released by its owner.</summary>
    public void LaneReleased(int partition)
    {
        _core.Apply(partition, static (core, partition, _) => core.OnReleasedByOther(partition));
        // It may have gone before a heartbeat told us of that, and then we do not know yet that the lane is meant for us.
        _membership.Announce();
    }

    /// <summary>Who lives is known anew.</summary>
    public void MembersKnown()
    {
        if (!IsIdle)
        {
            Wake(Workers.Rebalancer | Workers.Clock);
        }
    }

    /// <summary>Others may have taken this process for dead.</summary>
    public void HeartbeatLapsed() => _core.Apply(0, static (core, _, _) => core.OnLapsed());

    /// <summary>
    /// Stops in reverse order of the data flow: 1. nothing new is sent, 2. Redis learns the outcomes, 3. the loops end,
    /// 4. lanes are released.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        LiveObjects.Leave(this);
        // Step 1
        _core.Apply(0, static (core, _, now) => core.CloseAll(now));
        _membership.Announce();
        // Step 2
        await _acknowledger.DrainAsync(StopsWithin);
        _acknowledger.Dispose();
        // Step 3
        await _gate.DisposeAsync();
        await Task.WhenAll(Loops.Select(loop => loop.DisposeAsync().AsTask()));
        // Step 4
        await ReleaseAllAsync();
        _primary.OffHandshake(_rebalancer.ResumeAsync);
    }

    private async Task ReleaseAllAsync()
    {
        using var deadline = new CancellationTokenSource(StopsWithin, _time);
        try
        {
            await _rebalancer.ReleaseAllAsync(deadline.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or RedisUnavailableException or RedisRefusedException)
        {
            // The heartbeat lapses instead.
            _log.LanesWereNotReleased(Name, fault.Message);
        }
    }

    private Task<TimeSpan> TickAsync(CancellationToken cancellation)
    {
        _core.Apply(0, static (core, _, now) => core.OnTick(now));
        var due = _core.Read(static core => core.Arm());
        var wait = due - _core.Elapsed ?? Timeout.InfiniteTimeSpan;
        return Task.FromResult(wait > TimeSpan.Zero || due is null ? wait : TimeSpan.Zero);
    }

    private void Wake(Workers workers)
    {
        if (workers.HasFlag(Workers.Reader))
        {
            _read.Set();
        }

        WakeIf(Workers.RetryMover, _mover);
        WakeIf(Workers.RetryFetcher, _fetcher);
        WakeIf(Workers.Rebalancer, _balancing);
        WakeIf(Workers.Clock, _clock);

        void WakeIf(Workers worker, SupervisedLoop loop)
        {
            if (workers.HasFlag(worker))
            {
                loop.Wake();
            }
        }
    }
}

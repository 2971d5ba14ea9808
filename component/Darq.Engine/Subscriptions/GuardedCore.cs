using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// The core behind its lock. Each event is followed by a dispatch; deliveries are queued to their streams under the lock, so that they
/// keep their order, and everything else that an event asks for is done after it, on the caller's thread: a change of thread costs a
/// message more than all else that is done for it here.
/// </summary>
internal sealed class GuardedCore
{
    private readonly Lock _lock = new();
    private readonly SubscriptionCore _core;
    private readonly string _group;
    private readonly string _topic;
    private readonly Primary _primary;
    private readonly Membership _membership;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    public GuardedCore(
        SubscriptionCore core,
        string group,
        string topic,
        Primary primary,
        Membership membership,
        TimeProvider time,
        ILogger log
    )
    {
        (_core, _group, _topic, _primary, _membership, _time, _log) = (core, group, topic, primary, membership, time, log);
    }

    /// <summary>Wakes workers that an event gave something to do.</summary>
    public required Action<Workers> Wake { private get; init; }

    /// <summary>Tells Redis of an outcome; ends by itself.</summary>
    public required Action<Settlement> Settle { private get; init; }

    /// <summary>Applies an event and carries out what it asks for. Not to be called under a lock.</summary>
    public TResult Apply<TState, TResult>(TState state, Func<SubscriptionCore, TState, Instant, TResult> happen)
    {
        Effects.Taken effects;
        TResult result;
        lock (_lock)
        {
            var now = Now();
            result = happen(_core, state, now);
            Dispatch(now);
            effects = _core.TakeEffects();
            foreach (var attempt in effects.Attempts)
            {
                attempt.Stream.Outlet.Send(attempt.Delivery = Compose(attempt));
            }
        }
        CarryOut(effects);
        return result;
    }

    public void Apply<TState>(TState state, Action<SubscriptionCore, TState, Instant> happen) =>
        Apply(
            (state, happen),
            static (core, both, now) =>
            {
                both.happen(core, both.state, now);
                return true;
            }
        );

    /// <summary>The fencing token of a lane as long as it is owned by the same claim; after that, one that no claim has.</summary>
    public string FencingTokenAt(Lane lane, int epoch)
    {
        lock (_lock)
        {
            return lane.Owned && lane.Epoch == epoch ? lane.FencingToken : Lane.NoToken;
        }
    }

    /// <summary>The fencing token under which this process owns the lane of a delivery; where it does not, one that no claim has.</summary>
    public string FencingTokenOf(DeliveryToken token)
    {
        lock (_lock)
        {
            return _core.FencingTokenOf(token);
        }
    }

    /// <summary>The app behind some of its streams is there again, or may be tried at another time.</summary>
    public void OnAppChanged() => Apply(0, static (_, _, _) => { });

    /// <summary>Reads from the core.</summary>
    public T Read<T>(Func<SubscriptionCore, T> read)
    {
        lock (_lock)
        {
            return read(_core);
        }
    }

    /// <summary>Reads from the core what depends on the time.</summary>
    public SubscriptionStatus Status()
    {
        lock (_lock)
        {
            return SubscriptionStatus.Of(_core, _group, _topic, Elapsed);
        }
    }

    /// <summary>Monotonic time, as events have it.</summary>
    public TimeSpan Elapsed => _time.GetElapsedTime(0);

    private Instant Now() => new(Elapsed, _membership.ServerMs, _membership.IsLapsed);

    /// <summary>What an event decided stands, whatever a fault of ours meets in what comes after it.</summary>
    private void Dispatch(Instant now)
    {
        try
        {
            _core.Dispatch(now);
        }
        catch (Exception fault)
        {
            _log.DispatchFailed(_group, _topic, fault);
        }
    }

    private Delivery Compose(Attempt attempt)
    {
        var (lane, message) = (attempt.Message.Lane, attempt.Message.Message);
        var token = new DeliveryToken(
            lane.Session!,
            _group,
            _topic,
            lane.Partition,
            message.StreamId,
            attempt.Number,
            MessageIds.MarkOf(message.Id)
        );
        var (stream, number) = (attempt.Stream, attempt.Message.Failures + 1);
        // Said once for each attempt: what the sidecar sends on as a dead letter is known by the bytes that it was given.
        var durable = _primary.Durable.Knows(lane.Partition, message.Position);
        var (topic, isRaw) = (stream.Outlet.SubscribedTopic, stream.Options.RawPayload);
        return Envelope.Compose(message, token, topic, number, _primary.WorldLine, isRaw, durable);
    }

    private void CarryOut(Effects.Taken effects)
    {
        foreach (var settlement in effects.Settlements)
        {
            Settle(settlement);
        }

        if (effects.Workers != Workers.None)
        {
            Wake(effects.Workers);
        }

        foreach (var attempt in effects.Attempts)
        {
            attempt.Stream.Outlet.WriteOut();
        }

        foreach (var app in effects.Apps)
        {
            app.RaiseChanged();
        }

        foreach (var line in effects.Lines)
        {
            line(_log);
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// All subscriptions of this process on one primary: one per (group, topic), however many instances and streams ask for it. One that has
/// been idle for <see cref="IdleLife"/> is closed, so that memory and loops are bounded by what is used.
/// </summary>
internal sealed class SubscriptionTable : IAsyncDisposable
{
    private static readonly TimeSpan LeavesWithin = TimeSpan.FromSeconds(1);

    /// <summary>Longer than a sidecar needs to open its stream again.</summary>
    private static readonly TimeSpan IdleLife = TimeSpan.FromMinutes(1);

    /// <summary>More than that many topics are closed for good by processes that live for long; a recovery asks for each of them.</summary>
    private const int MaxClosedNames = 1000;

    private readonly Primary _primary;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _log;
    private readonly Membership _membership;
    private readonly AttemptNumbers _attempts = new();
    private readonly SupervisedLoop _heartbeat;
    private readonly SupervisedLoop _listening;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Group, string Topic), Subscription> _subscriptions = [];
    private readonly ConcurrentDictionary<string, Subscription[]> _byTopic = new(StringComparer.Ordinal);

    // Under _lock: those that a stream is about to enter.
    private readonly List<Subscription> _entered = [];

    // Under _lock: those closed last, in order.
    private readonly List<(string Group, string Topic)> _closedNames = [];

    // Of the handshakes alone: those of the last one.
    private long _worldLine;
    private Session? _session;

    // Of the heartbeat: the end of those that were closed.
    private Task _closing = Task.CompletedTask;
    private IAsyncDisposable? _subscribed;
    private bool _started;
    private bool _closed;

    public SubscriptionTable(Primary primary, TimeProvider time, Random random, ILoggerFactory logs)
    {
        (_primary, _time, _random, _log) = (primary, time, random, logs.CreateLogger("Darq.Engine.Subscriptions"));
        _membership = new(primary, Describe, AnnounceSoon, time, _log);
        _heartbeat = new("heartbeat", BeatAsync, time, _log) { LongestPause = Membership.Beat, Subject = primary.Counters.Labels };
        _listening = new("wake-ups", ListenAsync, time, _log) { Subject = primary.Counters.Labels };
        _primary.Appended += Appended;
        _primary.OnHandshake(DisownAsync);
        _membership.Beaten += () => All(subscription => subscription.MembersKnown());
        _membership.Lapsed += () => All(subscription => subscription.HeartbeatLapsed());
    }

    /// <summary>
    /// Opens a stream of a group on a topic; <c>topic~k</c> is a further stream on <c>topic</c>. Throws
    /// <see cref="DarqException"/> (Invalid) for a name that cannot be one. Redis need not be reachable.
    /// </summary>
    /// <param name="group">Who subscribes.</param>
    /// <param name="subscribedTopic">What to.</param>
    /// <param name="options">How messages are delivered.</param>
    /// <param name="sink">Where deliveries go.</param>
    /// <param name="app">The app behind the sidecar whose stream it is; null: one of its own.</param>
    public DeliveryStream Attach(
        string group,
        string subscribedTopic,
        SubscriptionOptions options,
        IDeliverySink sink,
        AppPresence? app = null
    )
    {
        Limits.CheckName("consumerID", group);
        Limits.CheckName("topic", subscribedTopic);
        var topic = WithoutStreamNumber(subscribedTopic);
        if (options.MaxDeliveries > 0 && DeadLetter.IsIn(topic, options, group))
        {
            _log.DeadLettersAreRepeated(group, topic);
            options = options with { MaxDeliveries = 0 };
        }

        _ = DeadLetter.TopicOf(options, group, topic);
        Subscription? subscription;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (!_subscriptions.TryGetValue((group, topic), out subscription))
            {
                subscription = new(group, topic, _primary, _membership, _attempts, options, _time, _random, _log);
                _subscriptions[(group, topic)] = subscription;
                _closedNames.Remove((group, topic));
                _byTopic[topic] = [.. OnTopic(topic), subscription];
            }

            _entered.Add(subscription);
            if (!_started)
            {
                _started = true;
                _heartbeat.Start();
                _listening.Start();
            }
        }

        try
        {
            return subscription.Attach(subscribedTopic, options, app ?? new(), sink);
        }
        finally
        {
            lock (_lock)
            {
                _entered.Remove(subscription);
            }
        }
    }

    /// <summary>The subscriptions as readiness shows them.</summary>
    public IReadOnlyList<SubscriptionStatus> Statuses => [.. Open().Select(subscription => subscription.Status)];

    /// <summary>The fencing token under which this process owns the lane of a delivery; where it does not, one that no claim has.</summary>
    public string FencingTokenOf(DeliveryToken token) => Find(token)?.FencingTokenOf(token) ?? Lane.NoToken;

    /// <summary>A step that names a delivery is on its way; <see cref="StepEnded"/> follows in any case.</summary>
    public Attempt? StepStarted(DeliveryToken token) => Find(token)?.StepStarted(token);

    /// <summary>What became of it; <paramref name="fencingToken"/> is the one it was sent under.</summary>
    public void StepEnded(DeliveryToken token, Attempt? attempt, StepEnd end, string fencingToken) =>
        Find(token)?.StepEnded(token, attempt, end, fencingToken);

    /// <summary>A delivery that is out on a stream of this app; null where it is not.</summary>
    public Outstanding? FindOutstanding(DeliveryToken token, AppPresence app) => Find(token)?.FindOutstanding(token, app);

    /// <summary>The processing time of a delivery begins anew; false where it is not out.</summary>
    public bool Extend(DeliveryToken token) => Find(token)?.Extend(token) ?? false;

    /// <summary>Ends all streams, tells Redis what was answered, releases the lanes and says goodbye.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _closed = true;
        }

        _primary.Appended -= Appended;
        _primary.OffHandshake(DisownAsync);
        await Task.WhenAll(Open().Select(subscription => subscription.DisposeAsync().AsTask()));
        await _heartbeat.DisposeAsync();
        await _closing;
        await _listening.DisposeAsync();
        if (_subscribed is not null)
        {
            await _subscribed.DisposeAsync();
        }

        if (_started && _primary.Ready)
        {
            await LeaveAsync();
        }
    }

    private async Task<TimeSpan> BeatAsync(CancellationToken cancellation)
    {
        CloseIdle();
        return await _membership.BeatAsync(cancellation);
    }

    private void CloseIdle()
    {
        foreach (var subscription in Open().Where(subscription => subscription.IdleFor >= IdleLife))
        {
            lock (_lock)
            {
                if (_closed || _entered.Contains(subscription) || !subscription.IsIdle)
                {
                    continue;
                }

                _subscriptions.Remove((subscription.Group, subscription.Topic));
                _byTopic[subscription.Topic] = [.. OnTopic(subscription.Topic).Where(other => other != subscription)];
                if (OnTopic(subscription.Topic).Length == 0)
                {
                    _byTopic.TryRemove(subscription.Topic, out _);
                }

                _closedNames.Add((subscription.Group, subscription.Topic));
                if (_closedNames.Count > MaxClosedNames)
                {
                    _closedNames.RemoveAt(0);
                }
            }

            _closing = Task.WhenAll(_closing, subscription.DisposeAsync().AsTask());
        }
    }

    /// <summary>
    /// Redis may have lost that lanes were released, or taken by others, and name the session that there was their owner again: then nobody
    /// else is given them. So what is not owned here is released before anything is claimed, also of subscriptions that were closed.
    /// </summary>
    private async Task DisownAsync(Session session, bool lost, CancellationToken cancellation)
    {
        if (_session is { } former && _worldLine != _primary.WorldLine)
        {
            foreach (var (group, topic, partitions) in NotOwned())
            {
                await new LaneClaims(_primary, group, topic).DisownAsync(former, partitions, cancellation);
            }
        }

        (_worldLine, _session) = (_primary.WorldLine, session);
    }

    private List<(string Group, string Topic, int[] Partitions)> NotOwned()
    {
        int[] all = [.. Enumerable.Range(0, _primary.Keys.Partitions)];
        lock (_lock)
        {
            var open = _subscriptions.Values.Select(subscription =>
                (subscription.Group, subscription.Topic, subscription.PartitionsNotOwned)
            );
            var closed = _closedNames.Select(name => (name.Group, name.Topic, all));
            return [.. open.Concat(closed).Where(named => named.Item3.Length > 0)];
        }
    }

    private Subscription? Find(DeliveryToken token)
    {
        if (token.Partition >= _primary.Keys.Partitions)
        {
            return null;
        }

        lock (_lock)
        {
            return _subscriptions.GetValueOrDefault((token.Group, token.Topic));
        }
    }

    private Subscription[] Open()
    {
        lock (_lock)
        {
            return [.. _subscriptions.Values];
        }
    }

    private void All(Action<Subscription> action)
    {
        foreach (var subscription in Open())
        {
            action(subscription);
        }
    }

    private void AnnounceSoon() => _heartbeat.Wake();

    private string Describe() =>
        string.Join(
            ' ',
            Open().Where(subscription => subscription.IsTaking).Select(subscription => subscription.Name).Order(StringComparer.Ordinal)
        );

    /// <summary>Passes wake-ups on. The client subscribes again after a reconnect by itself; only the first time can fail.</summary>
    private async Task<TimeSpan> ListenAsync(CancellationToken cancellation)
    {
        string[] channels = [.. Enumerable.Range(0, _primary.Keys.Partitions).Select(_primary.Keys.WakeUps)];
        await _primary.ReadyAsync(cancellation);
        _subscribed ??= await _primary.SubscribeAsync(channels, Heard, cancellation);
        All(subscription => subscription.WakeUpsMissed());
        return Timeout.InfiniteTimeSpan;
    }

    /// <summary>
    /// The text is a topic, the last number of its stream there and the session whose reply tells of it, or the group:topic of a lane that
    /// was released.
    /// </summary>
    private void Heard(string channel, string text)
    {
        var partition = Keys.PartitionOfWakeUps(channel);
        if (partition < 0 || partition >= _primary.Keys.Partitions)
        {
            return;
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            foreach (var subscription in Open().Where(subscription => subscription.Name == text))
            {
                subscription.LaneReleased(partition);
            }
        }
        else if (
            text.Split(' ') is [var topic, var last, .. var told]
            && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
        )
        {
            foreach (var subscription in OnTopic(Keys.Decode(topic)))
            {
                subscription.WakeUp(partition, seq, told is [var session] ? session : "");
            }
        }
    }

    private void Appended(AppendedMessage message)
    {
        foreach (var subscription in OnTopic(message.Topic))
        {
            subscription.Appended(message);
        }
    }

    private Subscription[] OnTopic(string topic) => _byTopic.GetValueOrDefault(topic, []);

    private async Task LeaveAsync()
    {
        try
        {
            using var deadline = new CancellationTokenSource(LeavesWithin, _time);
            await _membership.LeaveAsync(await _primary.ReadyAsync(deadline.Token), deadline.Token);
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException or OperationCanceledException)
        {
            // The heartbeat lapses instead.
            _log.HeartbeatFailed(fault.Message);
        }
    }

    private static string WithoutStreamNumber(string subscribedTopic)
    {
        var tilde = subscribedTopic.LastIndexOf('~');
        if (tilde <= 0 || tilde == subscribedTopic.Length - 1 || subscribedTopic.AsSpan(tilde + 1).IndexOfAnyExceptInRange('0', '9') >= 0)
        {
            return subscribedTopic;
        }

        var number = subscribedTopic[(tilde + 1)..];
        return number.Length <= 2 && int.Parse(number, CultureInfo.InvariantCulture) is >= 1 and <= 64
            ? subscribedTopic[..tilde]
            : throw Limits.Invalid("topic", subscribedTopic, "<topic> or <topic>~<k> with k from 1 to 64");
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// All subscriptions of this process on one primary: one per (group, topic), however many instances and streams ask for it.
/// </summary>
internal sealed class SubscriptionTable : IAsyncDisposable
{
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(1);

    private readonly Primary _primary;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _log;
    private readonly Membership _membership;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Group, string Topic), Subscription> _subscriptions = [];
    private readonly ConcurrentDictionary<string, Subscription[]> _byTopic = new(StringComparer.Ordinal);
    private Task? _beating;
    private Task? _listening;
    private bool _closed;

    public SubscriptionTable(Primary primary, TimeProvider time, Random random, ILoggerFactory logs)
    {
        (_primary, _time, _random, _log) = (primary, time, random, logs.CreateLogger("Darq.Engine.Subscriptions"));
        _membership = new(primary, Describe, time, _log);
        _primary.Appended += Appended;
        _membership.Beaten += () => All(subscription => subscription.Tend());
        _membership.Lapsed += () => All(subscription => subscription.Doubt());
    }

    /// <summary>
    /// Opens a stream of a group on a topic; <c>topic~k</c> is a further stream on <c>topic</c>. Throws
    /// <see cref="DarqException"/> (Invalid) for a name that cannot be one. Redis need not be reachable.
    /// </summary>
    public DeliveryStream Attach(string group, string subscribedTopic, SubscriptionOptions options, IDeliverySink sink)
    {
        Limits.CheckName("consumerID", group);
        Limits.CheckName("topic", subscribedTopic);
        var topic = WithoutStreamNumber(subscribedTopic);
        Subscription? subscription;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _beating ??= _membership.RunAsync(_stopping.Token);
            _listening ??= ListenAsync();
            if (!_subscriptions.TryGetValue((group, topic), out subscription))
            {
                _subscriptions[(group, topic)] = subscription = new(group, topic, _primary, _membership, options, _time, _random, _log);
                _byTopic[topic] = [.. OnTopic(topic), subscription];
            }
        }
        return subscription.Attach(subscribedTopic, options, sink);
    }

    /// <summary>The fencing token under which this process holds the lane of a delivery; one that nobody holds where it does not.</summary>
    public string FencingTokenOf(DeliveryToken token) => Find(token)?.FencingTokenOf(token) ?? Subscription.Unheld;

    /// <summary>A step was told that the lane of its delivery is held by another.</summary>
    public void Fenced(DeliveryToken token) => Find(token)?.Fenced(token);

    /// <summary>A step consumed the message, or found it consumed: it is not delivered again.</summary>
    public void Consumed(DeliveryToken token) => Find(token)?.Consumed(token);

    /// <summary>Ends all streams, passes what was answered, gives the lanes up and says goodbye.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _closed = true;
        }

        _primary.Appended -= Appended;
        await Task.WhenAll(Open().Select(subscription => subscription.DisposeAsync().AsTask()));
        _stopping.CancelHere();
        foreach (var loop in new[] { _beating, _listening })
        {
            if (loop is not null)
            {
                await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
        await LeaveAsync();
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

    private string Describe() =>
        string.Join(
            ' ',
            Open().Where(subscription => subscription.IsTaking).Select(subscription => subscription.Name).Order(StringComparer.Ordinal)
        );

    /// <summary>Passes wake-ups on. The client subscribes again after a reconnect by itself; only the first time can fail.</summary>
    private async Task ListenAsync()
    {
        await Task.Yield();
        string[] channels = [.. Enumerable.Range(0, _primary.Keys.Partitions).Select(_primary.Keys.WakeUps)];
        while (true)
        {
            try
            {
                await _primary.ReadyAsync(_stopping.Token);
                await using var listening = await _primary.SubscribeAsync(channels, Heard, _stopping.Token);
                All(subscription => subscription.WakeAll());
                await Task.Delay(Timeout.InfiniteTimeSpan, _time, _stopping.Token);
            }
            catch (Exception fault) when (!_stopping.IsCancellationRequested)
            {
                if (fault is RedisUnavailableException or RedisRefusedException)
                {
                    _log.ListeningFailed(fault.Message);
                }
                else
                {
                    _log.MembershipFailed(fault);
                }

                await Task.Delay(PauseAfterFault, _time, _stopping.Token);
            }
        }
    }

    /// <summary>
    /// The text is a topic, the last seq of its stream there and the session whose reply tells of it, or the group:topic of a lane that was
    /// let go.
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
                subscription.LetGo(partition);
            }

            return;
        }
        if (
            text.Split(' ') is not [var topic, var last, .. var told]
            || !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
        )
        {
            return;
        }

        foreach (var subscription in OnTopic(Keys.Decode(topic)))
        {
            subscription.Wake(partition, seq, told is [var session] ? session : "");
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
        if (_beating is null || !_primary.Ready)
        {
            return;
        }

        try
        {
            using var timeout = new CancellationTokenSource(PauseAfterFault, _time);
            await _membership.LeaveAsync(await _primary.ReadyAsync(timeout.Token), timeout.Token);
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException or OperationCanceledException)
        {
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

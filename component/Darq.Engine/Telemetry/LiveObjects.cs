using System.Collections.Concurrent;

namespace Darq.Engine.Telemetry;

/// <summary>A primary at the moment of a scrape.</summary>
internal interface IObservedPrimary
{
    TimeProvider Time { get; }

    NamespaceCounters Counters { get; }

    bool Ready { get; }

    int RequestsWaiting { get; }

    /// <summary>Whether something outside the memory of Redis vouches for what was answered.</summary>
    bool IsDurable { get; }

    /// <summary>For how long writes have not become durable.</summary>
    TimeSpan DurabilityStalledFor { get; }

    /// <summary>Whether a broken promise keeps everything from being released.</summary>
    bool IsHeld { get; }
}

/// <summary>A subscription at the moment of a scrape.</summary>
internal interface IObservedSubscription
{
    TimeProvider Time { get; }

    SubscriptionCounters Counters { get; }

    SubscriptionGauges Observe();
}

/// <summary>Numbers of one subscription, read together.</summary>
internal readonly record struct SubscriptionGauges(
    int Streams,
    int Lanes,
    int DamagedLanes,
    int InFlight,
    int RetriesWaiting,
    TimeSpan OldestUnanswered
);

/// <summary>What is there now and has numbers that fall as well as rise. Objects enter when they begin and leave when they end.</summary>
internal static class LiveObjects
{
    private static readonly ConcurrentDictionary<IObservedPrimary, bool> EnteredPrimaries = new();
    private static readonly ConcurrentDictionary<IObservedSubscription, bool> EnteredSubscriptions = new();

    public static IEnumerable<IObservedPrimary> Primaries => EnteredPrimaries.Keys;

    public static IEnumerable<IObservedSubscription> Subscriptions => EnteredSubscriptions.Keys;

    public static void Enter(IObservedPrimary primary) => EnteredPrimaries[primary] = true;

    public static void Leave(IObservedPrimary primary) => EnteredPrimaries.TryRemove(primary, out _);

    public static void Enter(IObservedSubscription subscription) => EnteredSubscriptions[subscription] = true;

    public static void Leave(IObservedSubscription subscription) => EnteredSubscriptions.TryRemove(subscription, out _);

    /// <summary>Lets all leave that live on a clock: those of a simulated process, which is killed and so ends nothing itself.</summary>
    public static void Forget(TimeProvider time)
    {
        foreach (var primary in EnteredPrimaries.Keys.Where(primary => primary.Time == time))
        {
            Leave(primary);
        }

        foreach (var subscription in EnteredSubscriptions.Keys.Where(subscription => subscription.Time == time))
        {
            Leave(subscription);
        }
    }
}

using Darq.Lanes;
using static Darq.Hosting.Settings.SettingForms;

namespace Darq.Hosting.Settings;

/// <summary>How messages are delivered: for subscriptions and input bindings, and for a subscription's own metadata.</summary>
internal static class DeliverySettings
{
    private static readonly SubscriptionOptions Standard = new();

    public static readonly Setting<Order> Order = Choice(
        "order", "Which messages wait for each other.",
        [("key", Darq.Lanes.Order.Key), ("none", Darq.Lanes.Order.None), ("partition", Darq.Lanes.Order.Partition)]);
    public static readonly Setting<long> MaxInFlight = Number(
        "maxInFlight", 1, 1000, Standard.MaxInFlight, "How many messages one stream may hold unanswered.");
    public static readonly Setting<long> Concurrency = Number(
        "concurrency", 1, 1000, Standard.MaxInFlight, "The built-in component's name for maxInFlight.");
    public static readonly Setting<TimeSpan> RetryDelay = Duration(
        "retryDelay", TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24), Standard.RetryDelay,
        "The delay before a failed delivery is repeated; doubles with each failure.");
    public static readonly Setting<TimeSpan> RedeliverInterval = Duration(
        "redeliverInterval", TimeSpan.Zero, TimeSpan.FromHours(24), Standard.RetryDelay, "The built-in component's name for retryDelay; 0 leaves the default.");
    public static readonly Setting<TimeSpan> MaxRetryDelay = Duration(
        "maxRetryDelay", TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24), Standard.MaxRetryDelay, "The longest delay between two repetitions.");
    public static readonly Setting<string> ReleaseAt = Choice(
        "releaseAt", "When a message may be delivered.", [("durable", "durable")], static text => text.Equals("applied", StringComparison.OrdinalIgnoreCase));

    /// <summary>Also taken from the metadata of a single subscription, where they win over the component's.</summary>
    public static readonly IReadOnlyList<Setting> PerSubscription = [Order, MaxInFlight, Concurrency, RetryDelay, RedeliverInterval, MaxRetryDelay, ReleaseAt];

    public static readonly IReadOnlyList<Setting> All =
    [
        .. PerSubscription,
        Passing("processingTimeout", SettingRole.WithoutEffect, "A delivery is never repeated while its stream lives; a time limit for handlers comes later."),
        Passing("queueDepth", SettingRole.WithoutEffect, "Read-ahead is bounded by maxInFlight."),
        Passing("maxLenApprox", SettingRole.Missed, "Nothing is trimmed under a reader: a topic is bounded by maxBacklog and refuses when full."),
        Passing("streamTTL", SettingRole.Missed, "Nothing is trimmed under a reader: use ttlInSeconds of a message."),
        Later("maxDeliveries", "A limit of deliveries with a dead-letter topic comes later; the sidecar's deadLetterTopic works."),
        Later("parkAfter", "Parking of long retries comes later."),
        Later("groupTtl", "Groups that end by themselves come later."),
        Later("ephemeral", "Groups that end by themselves come later.", "false"),
    ];
}

using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using static Darq.Component.Configuration.SettingForms;

namespace Darq.Component.Configuration;

/// <summary>Settings of delivery: of subscriptions and input bindings, and of a subscription's own metadata.</summary>
internal static class DeliverySettings
{
    public const string Off = "off";

    private static readonly SubscriptionOptions Standard = new();

    public static readonly Setting<Order> Order = Choice(
        "order",
        "Which messages wait for each other.",
        [
            ("key", Darq.Engine.Subscriptions.Order.Key),
            ("none", Darq.Engine.Subscriptions.Order.None),
            ("partition", Darq.Engine.Subscriptions.Order.Partition),
        ]
    );
    public static readonly Setting<long> MaxInFlight = Number(
        "maxInFlight",
        1,
        1000,
        Standard.MaxInFlight,
        "How many messages of one stream may be unanswered."
    );
    public static readonly Setting<long> Concurrency = Number(
        "concurrency",
        1,
        1000,
        Standard.MaxInFlight,
        "The built-in component's name for maxInFlight."
    );
    public static readonly Setting<TimeSpan> RetryDelay = Duration(
        "retryDelay",
        TimeSpan.FromMilliseconds(1),
        TimeSpan.FromHours(24),
        Standard.RetryDelay,
        "The delay before a failed delivery is repeated; doubles with each failure."
    );
    public static readonly Setting<TimeSpan> RedeliverInterval = Duration(
        "redeliverInterval",
        TimeSpan.Zero,
        TimeSpan.FromHours(24),
        Standard.RetryDelay,
        "The built-in component's name for retryDelay; 0 leaves the default."
    );
    public static readonly Setting<TimeSpan> MaxRetryDelay = Duration(
        "maxRetryDelay",
        TimeSpan.FromMilliseconds(1),
        TimeSpan.FromHours(24),
        Standard.MaxRetryDelay,
        "The longest delay between two repetitions."
    );
    public static readonly Setting<TimeSpan> RetryQueueAfter = Duration(
        "retryQueueAfter",
        TimeSpan.Zero,
        TimeSpan.FromHours(24),
        Standard.RetryQueueAfter,
        "A failed message that waits longer than this for its next delivery does so in Redis, with the later ones of its key "
            + "behind it; other keys go on."
    );
    public static readonly Setting<long> MaxDeliveries = Number(
        "maxDeliveries",
        0,
        1_000_000,
        Standard.MaxDeliveries,
        "The failures after which a message moves to the dead-letter topic and its key goes on; 0: it is repeated for ever, "
            + "because only you know whether a message may be given up."
    );
    public static readonly Setting<string> DeadLetterTopic = Text(
        "deadLetterTopic",
        "a topic's name that does not end in ~<number>",
        "Where messages go after maxDeliveries failures: an ordinary topic, kept until a group subscribes; <topic>.<group>.dead "
            + "where it is not given.",
        Limits.IsTopic
    );
    public static readonly Setting<TimeSpan> ProcessingTimeout = Duration(
        "processingTimeout",
        TimeSpan.Zero,
        TimeSpan.FromHours(24),
        Standard.ProcessingTimeout,
        "The time that an app has for a message; then the attempt counts as failed, and the message may go to another stream. 0: no limit."
    );
    public static readonly Setting<bool> RequireStep = Flag(
        "requireStep",
        "Whether a message is done only when a step consumed it: an acknowledgement without one is a failure, so that no message is lost "
            + "to a sidecar that acknowledges what its app never saw."
    );
    public static readonly Setting<bool> RawPayload = Flag(
        "rawPayload",
        "Whether a subscription gets the data as it was published: the sidecar wraps it, and nothing is added to it here."
    );
    public static readonly Setting<bool> EmptyAnswer = Choice(
        "emptyAnswer",
        "What an answer to an input binding is that is neither a step nor {\"status\":\"SUCCESS\"}: fail (delivered again), or ack, for "
            + "apps whose SDK drops the answer.",
        [("fail", false), ("ack", true)]
    );
    public static readonly Setting<string> RestartSidecar = Text(
        "restartSidecar",
        "off, or the HTTP API of the sidecar, such as http://localhost:3500",
        "Where the sidecar is asked to shut down when this component was restarted alone and the sidecar opens its streams no more: "
            + "whatever runs the sidecar starts it again, and with it the streams. off: readiness fails, and nothing is asked.",
        static text => text.Equals(Off, StringComparison.OrdinalIgnoreCase) || IsHttp(text),
        Off
    );
    public static readonly Setting<ReleaseAt> ReleaseAt = Choice(
        "releaseAt",
        "When a message may be delivered: once it is durable (durability), or as soon as Redis has applied it (applied), though a crash may "
            + "then undo what an app was given.",
        [("durable", Darq.Engine.Subscriptions.ReleaseAt.Durable), ("applied", Darq.Engine.Subscriptions.ReleaseAt.Applied)],
        static text => text.Equals("executed", StringComparison.OrdinalIgnoreCase)
    );

    /// <summary>Also taken from the metadata of a single subscription, where they win over the component's.</summary>
    public static readonly IReadOnlyList<Setting> PerSubscription =
    [
        Order,
        MaxInFlight,
        Concurrency,
        RetryDelay,
        RedeliverInterval,
        MaxRetryDelay,
        RetryQueueAfter,
        MaxDeliveries,
        DeadLetterTopic,
        ProcessingTimeout,
        RequireStep,
        ReleaseAt,
    ];

    public static readonly IReadOnlyList<Setting> All =
    [
        .. PerSubscription,
        RestartSidecar,
        Accepted("queueDepth", SettingRole.WithoutEffect, "Read-ahead is bounded by maxInFlight."),
        Accepted(
            "maxLenApprox",
            SettingRole.Missed,
            "Nothing is trimmed under a reader: a topic is bounded by maxBacklog and refuses when full."
        ),
        Accepted("streamTTL", SettingRole.Missed, "Nothing is trimmed under a reader: use ttlInSeconds of a message."),
        Later("groupTtl", "Groups that end by themselves come later."),
        Later("ephemeral", "Groups that end by themselves come later.", "false"),
    ];

    private static bool IsHttp(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https", PathAndQuery: "/" };
}

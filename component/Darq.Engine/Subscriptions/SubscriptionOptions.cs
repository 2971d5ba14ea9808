namespace Darq.Engine.Subscriptions;

/// <summary>
/// How one subscription delivers. <see cref="MaxInFlight"/>, <see cref="Concurrent"/> and <see cref="RawPayload"/> are a stream's own; its
/// streams share the others.
/// </summary>
internal sealed record SubscriptionOptions
{
    public Order Order { get; init; } = Order.Key;

    /// <summary>Most messages that one stream may hold unanswered, 1 to 1,000.</summary>
    public int MaxInFlight { get; init; } = 16;

    /// <summary>Whether the peer is known to work on many messages at once; otherwise a stream starts with two and widens.</summary>
    public bool Concurrent { get; init; }

    /// <summary>Whether the app wants the data as it was published: nothing is added to it, and only headers name the delivery.</summary>
    public bool RawPayload { get; init; }

    /// <summary>Delay before the first repetition of a failed delivery; doubles with each failure.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest delay between two repetitions.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A message that has to wait longer than this for its next delivery does so in Redis, and the later ones of its key behind it.
    /// </summary>
    public TimeSpan RetryQueueAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time an app has for a message, from its sending or from the last answer on its stream; then the attempt counts as failed, and what
    /// is behind it on a serial stream may go to another. Zero: no limit.
    /// </summary>
    public TimeSpan ProcessingTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>When a message may be delivered.</summary>
    public ReleaseAt ReleaseAt { get; init; }

    /// <summary>Whether a message is done only when a step consumed it; an acknowledgement without one counts as a failure.</summary>
    public bool RequireStep { get; init; }

    /// <summary>
    /// Failures after which a message is given up; 0: never. That is the default because only the app knows whether one may
    /// be given up, and a dead letter that nobody reads is a lost message.
    /// </summary>
    public int MaxDeliveries { get; init; }

    /// <summary>Where messages go that are given up; null: <c>&lt;topic&gt;.&lt;group&gt;.dead</c>.</summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>Most messages that the dead-letter topic may hold in one partition.</summary>
    public long MaxBacklog { get; init; } = new Darq.Engine.Core.NamespaceOptions().MaxBacklog;

    /// <summary>What differs of the settings that streams share, for the log; "" where nothing does.</summary>
    public string ChangesFrom(SubscriptionOptions former)
    {
        (string Name, object? Now, object? Before)[] settings =
        [
            ("order", Order, former.Order),
            ("retryDelay", RetryDelay, former.RetryDelay),
            ("maxRetryDelay", MaxRetryDelay, former.MaxRetryDelay),
            ("retryQueueAfter", RetryQueueAfter, former.RetryQueueAfter),
            ("processingTimeout", ProcessingTimeout, former.ProcessingTimeout),
            ("releaseAt", ReleaseAt, former.ReleaseAt),
            ("requireStep", RequireStep, former.RequireStep),
            ("maxDeliveries", MaxDeliveries, former.MaxDeliveries),
            ("deadLetterTopic", DeadLetterTopic, former.DeadLetterTopic),
            ("maxBacklog", MaxBacklog, former.MaxBacklog),
        ];
        return string.Join(
            ", ",
            settings
                .Where(setting => !Equals(setting.Now, setting.Before))
                .Select(setting => $"{setting.Name} {setting.Now ?? "not set"} instead of {setting.Before ?? "not set"}")
        );
    }
}

/// <summary>Which messages wait for each other: those of one key, none, or all of one partition.</summary>
internal enum Order
{
    Key,
    None,
    Partition,
}

/// <summary>When a message may be delivered, as far as its durability goes.</summary>
internal enum ReleaseAt
{
    /// <summary>Once it is durable as <c>durability</c> has it.</summary>
    Durable,

    /// <summary>As soon as Redis has applied it: a crash may undo what an app was given.</summary>
    Applied,
}

namespace Darq.Lanes;

/// <summary>How one subscription delivers.</summary>
internal sealed record SubscriptionOptions
{
    public Order Order { get; init; } = Order.Key;

    /// <summary>Most messages that one stream may hold unanswered, 1 to 1,000.</summary>
    public int MaxInFlight { get; init; } = 16;

    /// <summary>Whether the peer is known to work on many messages at once; otherwise a stream starts with two and widens.</summary>
    public bool Concurrent { get; init; }

    /// <summary>Delay before the first repetition of a failed delivery; doubles with each failure.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest delay between two repetitions.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Which messages wait for each other: those of one key, none, or all of one partition.</summary>
internal enum Order
{
    Key,
    None,
    Partition,
}

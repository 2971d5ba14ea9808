namespace Darq.Engine.Subscriptions.Retries;

/// <summary>
/// Parked messages that wait for each other, by seq. The first of them may be in memory, as many as <see cref="InHand"/> says.
/// </summary>
internal sealed class RetrySequence(ulong name)
{
    public ulong Name { get; } = name;

    public SortedSet<long> Seqs { get; } = [];

    /// <summary>When the first of them may be delivered.</summary>
    public DateTimeOffset Due { get; set; }

    /// <summary>How many of the first are in memory or being fetched.</summary>
    public int InHand { get; set; }
}

namespace Darq.Tests.Contract.Replays;

/// <summary>A message that the recorded component pushed on one stream, and what became of it here.</summary>
internal sealed record ReplayedPush(string Stream, bool IsBinding, string Id, int Number, string Data)
{
    /// <summary>Its first delivery, and the stream of that.</summary>
    public ReplayedDelivery? Delivery { get; private set; }

    public ReplayedStream? On { get; private set; }

    /// <summary>What was recorded as its answer, once the replay is there.</summary>
    public ReplayedAnswer? Answer { get; set; }

    public bool Answered { get; set; }

    public void Delivered(ReplayedStream on, ReplayedDelivery delivery) => (On, Delivery) = (on, delivery);
}

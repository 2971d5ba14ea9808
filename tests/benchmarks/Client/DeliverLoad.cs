namespace Darq.Benchmarks.Client;

/// <summary>
/// Answers every delivery at once: what an app does whose handler does nothing. What is timed is how long the place of an
/// answered delivery stays empty.
/// </summary>
internal sealed class DeliverLoad(LoadConnection connection, string pubSub, string topic) : PullLoad(connection, pubSub, topic)
{
    // When the answers were sent whose places are empty, oldest first.
    private readonly Queue<long> _places = new(1024);

    /// <summary>Messages that were published in all.</summary>
    public long Supplied { get; set; }

    protected override bool IsExhausted => Delivered == Supplied;

    protected override void Handle(Work work)
    {
        if (_places.TryDequeue(out var answered))
        {
            work.Began = answered;
        }

        Done(work);
    }

    /// <summary>Between rounds a place may stay empty for long, which says nothing.</summary>
    public void ForgetPlaces() => _places.Clear();

    protected override void Answered() => _places.Enqueue(System.Diagnostics.Stopwatch.GetTimestamp());
}

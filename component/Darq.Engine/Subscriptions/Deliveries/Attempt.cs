namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// One attempt to hand one message to an app. It lives until its stream is answered or closed, whatever became of the message.
/// </summary>
/// <param name="number">Rises over all attempts of the session.</param>
/// <param name="message">What was sent.</param>
/// <param name="stream">Where to.</param>
/// <param name="sentAt">Monotonic time of the sending.</param>
internal sealed class Attempt(long number, LaneMessage message, StreamWindow stream, TimeSpan sentAt)
{
    public long Number { get; } = number;

    public LaneMessage Message { get; } = message;

    public StreamWindow Stream { get; } = stream;

    public TimeSpan SentAt { get; } = sentAt;

    /// <summary>When its processing time began: when it was sent, or when the attempt before it on its stream was answered.</summary>
    public TimeSpan StartedAt { get; set; } = sentAt;

    /// <summary>The only one that was sent while its app was gone.</summary>
    public bool IsProbe { get; init; }

    /// <summary>Counted as failed because no answer came in time; its late answer still counts until a newer attempt is sent.</summary>
    public bool TimedOut { get; set; }

    /// <summary>Its time passed while its app was at the one before it on the stream: that is no failure of its own.</summary>
    public bool GivenBack { get; set; }

    /// <summary>Whether the message may go to another stream although this one still has it.</summary>
    public bool MayGoElsewhere => TimedOut || GivenBack;

    /// <summary>When it times out, or is given back; null where it never does.</summary>
    public TimeSpan? DeadlineOf(TimeSpan processingTimeout) =>
        processingTimeout == TimeSpan.Zero || MayGoElsewhere || StepsInFlight > 0 ? null : StartedAt + processingTimeout;

    /// <summary>What was sent; null before.</summary>
    public Delivery? Delivery { get; set; }

    /// <summary>The log said that its app works on it for long.</summary>
    public bool IsSlow { get; set; }

    /// <summary>Steps that name it and wait for Redis.</summary>
    public int StepsInFlight { get; set; }

    /// <summary>A step that names it consumed the message.</summary>
    public bool Consumed { get; set; }

    /// <summary>An answer that waits for the steps in flight.</summary>
    public Answer? Deferred { get; set; }

    /// <summary>Whether the message would still be changed by an answer to this attempt.</summary>
    public bool IsCurrent => Message.Attempt == this;

    /// <summary>Whether it is one to hand over this message, perhaps as it was read under an earlier claim.</summary>
    public bool IsOf(LaneMessage message) => Message.Lane == message.Lane && Message.Message.StreamId == message.Message.StreamId;
}

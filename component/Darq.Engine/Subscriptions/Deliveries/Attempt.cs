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

    /// <summary>When its processing time began: when it was sent, or when the attempt before it on its stream was answered.</summary>
    public TimeSpan StartedAt { get; set; } = sentAt;

    /// <summary>Counted as failed because no answer came in time; its late answer still counts until a newer attempt is sent.</summary>
    public bool TimedOut { get; set; }

    /// <summary>Steps that name it and wait for Redis.</summary>
    public int StepsInFlight { get; set; }

    /// <summary>A step that names it consumed the message.</summary>
    public bool Consumed { get; set; }

    /// <summary>An answer that waits for the steps in flight.</summary>
    public Answer? Deferred { get; set; }

    /// <summary>Whether the message would still be changed by an answer to this attempt.</summary>
    public bool IsCurrent => Message.Attempt == this;

    /// <summary>Whether it is one to hand over this message, perhaps as it was read under an earlier claim.</summary>
    public bool IsOf(LaneMessage message) =>
        Message.Lane == message.Lane && Message.Message.StreamId == message.Message.StreamId;
}

/// <summary>What an app or its sidecar made of an attempt.</summary>
internal enum Answer
{
    Ack,

    /// <summary>The handler failed: counted, and delivered again after a delay.</summary>
    Nack,

    /// <summary>The app is not there: delivered again after a delay, not counted.</summary>
    AppGone,

    /// <summary>Given back: delivered again at once, not counted.</summary>
    Release,
}

using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Engine.Subscriptions;

/// <summary>Where a message is on its way through a lane.</summary>
internal enum EntryState
{
    /// <summary>May go to a stream, once it is the first of its key.</summary>
    Waiting,

    /// <summary>With an app, unanswered.</summary>
    Sent,

    /// <summary>Failed; waits for its turn in the queue of those that back off.</summary>
    BackingOff,

    /// <summary>Answered; Redis is being told.</summary>
    Passing,

    /// <summary>Done with, or no longer ours.</summary>
    Finished,
}

/// <summary>A message in the memory of its lane's holder. All fields belong to the lock of the subscription.</summary>
internal sealed class Entry(Lane lane, Message message)
{
    public Lane Lane { get; } = lane;

    public Message Message { get; } = message;

    public EntryState State { get; set; }

    /// <summary>Deliveries that failed.</summary>
    public int Failures { get; set; }

    /// <summary>The sequence of its lane's retry queue that it was fetched from; null where it was read from the stream.</summary>
    public RetrySequence? Sequence { get; init; }

    /// <summary>A step consumed the message, so Redis need not be told again.</summary>
    public bool Consumed { get; set; }
}

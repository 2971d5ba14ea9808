using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Engine.Subscriptions;

/// <summary>Where a message is on its way through a lane, and so who brings about its next event.</summary>
internal enum MessageState
{
    /// <summary>In the ready queue, behind an earlier message of its key, or blocked in its lane.</summary>
    Waiting,

    /// <summary>With an app; the answer, the end of the stream or the processing timeout comes next.</summary>
    Sent,

    /// <summary>Failed; the clock makes it ready again.</summary>
    BackingOff,

    /// <summary>Done with; Redis is being told, or the clock sends that again.</summary>
    Settling,

    /// <summary>Finished, or its lane is no longer ours.</summary>
    Gone,
}

/// <summary>A message in the memory of its lane's owner. All fields belong to the core.</summary>
internal sealed class LaneMessage(Lane lane, Message message)
{
    public Lane Lane { get; } = lane;

    public Message Message { get; } = message;

    public MessageState State { get; set; }

    /// <summary>Whether it stands in the ready queue or with what is blocked in its lane. It may have gone on meanwhile.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Attempts that failed.</summary>
    public int Failures { get; set; }

    /// <summary>Steps of its handlers that met a conflict.</summary>
    public int Conflicts { get; set; }

    /// <summary>The keys of the last of these conflicts, as the app names them.</summary>
    public string ConflictKeys { get; set; } = "";

    /// <summary>Steps of its handlers that Redis could not take.</summary>
    public int Postponed { get; set; }

    /// <summary>How often it came back because its app could not be reached.</summary>
    public int Unreached { get; set; }

    /// <summary>Streams that ended while their app had the message, as far as the app opened another.</summary>
    public int StreamsLost { get; set; }

    /// <summary>The sequence of the retry queue that it was fetched from; null where it was read from the stream.</summary>
    public RetrySequence? Sequence { get; init; }

    /// <summary>A step consumed it, so Redis need not be told again.</summary>
    public bool Consumed { get; set; }

    /// <summary>The newest attempt, as long as it is unanswered, also after it timed out.</summary>
    public Attempt? Attempt { get; set; }

    /// <summary>How it ends, while it is settling.</summary>
    public Settlement? Settlement { get; set; }
}

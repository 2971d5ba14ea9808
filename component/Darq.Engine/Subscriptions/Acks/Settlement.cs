using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>How a message ends, and so what Redis records of it.</summary>
internal enum Ending
{
    Ack,
    Expire,
    DeadLetter,
}

/// <summary>What Redis made of it.</summary>
internal enum SettlementOutcome
{
    Done,

    /// <summary>Another owns the lane now.</summary>
    Fenced,

    /// <summary>The dead-letter topic takes nothing more.</summary>
    Full,

    /// <summary>Refused for a reason that somebody has to mend: sent again after a while.</summary>
    Refused,
}

/// <summary>A message that is done with, until Redis knows it.</summary>
internal sealed class Settlement(LaneMessage message, int epoch, Ending ending)
{
    public LaneMessage Message { get; } = message;

    /// <summary>Epoch of its lane: after a loss it concerns nobody any more.</summary>
    public int Epoch { get; } = epoch;

    public Ending Ending { get; } = ending;

    /// <summary>Why it is a dead letter; "" where it is none.</summary>
    public string Reason { get; init; } = "";

    public int Failures { get; init; }

    /// <summary>Where it goes as a dead letter; "" where it is none.</summary>
    public string DeadLetterTopic { get; init; } = "";

    /// <summary>Whether its lane reads and sends nothing until Redis takes it, because it was refused.</summary>
    public bool BlocksLane { get; set; }

    /// <summary>Redis refused it the last time that it was sent.</summary>
    public bool WasRefused { get; set; }
}

internal static class SettlementReplies
{
    /// <summary>
    /// Also notes the position that the answer ends with: if Redis loses an outcome that this process goes by, that is a loss for it.
    /// Throws <see cref="DarqException"/> where Redis refused for a reason that somebody has to mend.
    /// </summary>
    public static SettlementOutcome ToSettlementOutcome(this ReplyLine reply, AppliedPositions? applied, int partition)
    {
        if (reply.Reached() is { } position)
        {
            applied?.Note(partition, position);
        }

        return reply.Code switch
        {
            ReplyCode.Ok => SettlementOutcome.Done,
            ReplyCode.Fenced => SettlementOutcome.Fenced,
            ReplyCode.Full => SettlementOutcome.Full,
            _ => throw reply.ToException(),
        };
    }

    /// <summary>The position that an answer ends with; null where it took no effect.</summary>
    public static Position? Reached(this ReplyLine reply) =>
        reply.Code == ReplyCode.Ok && Position.TryParse(reply.Rest[(reply.Rest.LastIndexOf(' ') + 1)..], out var position)
            ? position
            : null;
}

using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>Moves a message to the dead-letter topic, in the partition it is in. Safe to repeat.</summary>
internal sealed class DeadLetterRequest(
    string group,
    string topic,
    Message message,
    string deadLetterTopic,
    ReadOnlyMemory<byte> metadata,
    long maxBacklog,
    Func<string> fencingToken
) : BatchRequest<SettlementOutcome>("dead")
{
    public override int Size => message.Size + metadata.Length;

    /// <summary>Else it waits for Redis no longer than the call timeout, after which its outcome is unknown.</summary>
    public override bool NeverGivesUp => !HasCallTimeout;

    public bool HasCallTimeout { get; init; }

    /// <summary>Where the position of its outcome is noted.</summary>
    public AppliedPositions? Applied { get; init; }

    /// <summary>The position that its outcome rests on; null without one.</summary>
    public Position? Reached { get; private set; }

    public override void Write(BatchWriter writer)
    {
        writer.PlaceOfTopic(message.Partition, deadLetterTopic);
        writer.Add(writer.PlaceOfLane(message.Partition, group, topic));
        writer.Add(Keys.Encode(group));
        writer.Add(Keys.Encode(topic));
        writer.Add(fencingToken());
        writer.Add(message.StreamId.WorldLine);
        writer.Add(message.StreamId.Number);
        writer.Add(Keys.Encode(deadLetterTopic));
        writer.Add(DeadLetter.IdOf(group, topic, message));
        writer.Add(metadata);
        writer.Add(maxBacklog);
    }

    protected override SettlementOutcome Parse(ReplyLine reply)
    {
        Reached = reply.Reached();
        return reply.ToSettlementOutcome(Applied, message.Partition);
    }
}

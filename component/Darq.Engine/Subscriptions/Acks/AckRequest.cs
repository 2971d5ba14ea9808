using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>Tells Redis that a message is done with. Waits as long as it takes: nobody else would send it again.</summary>
internal sealed class AckRequest(string group, string topic, int partition, Position streamId, bool expired, Func<string> fencingToken)
    : BatchRequest<SettlementOutcome>("ack")
{
    public override int Size => 160;

    public override bool Frees => true;

    public override bool NeverGivesUp => true;

    /// <summary>Where the position of its outcome is noted.</summary>
    public AppliedPositions? Applied { get; init; }

    public override void Write(BatchWriter writer)
    {
        writer.Add(writer.PlaceOfLane(partition, group, topic));
        writer.Add(Keys.Encode(group));
        writer.Add(Keys.Encode(topic));
        writer.Add(fencingToken());
        // The counter of the lane's books.
        writer.Add(expired ? "expired" : "consumed");
        writer.Add(1);
        writer.Add(streamId.WorldLine);
        writer.Add(streamId.Number);
    }

    protected override SettlementOutcome Parse(ReplyLine reply) => reply.ToSettlementOutcome(Applied, partition);
}

using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Acks;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>Moves messages of one lane into its retry queue. Waits as long as it takes: nothing else remembers them here.</summary>
internal sealed class RetryQueueRequest(string group, string topic, IReadOnlyList<RetryMove> moves, Func<string> fencingToken, TimeSpan now)
    : BatchRequest<SettlementOutcome>("retry")
{
    /// <summary>What is copied inside Redis weighs as if it were sent, which keeps a batch short.</summary>
    public override int Size { get; } = moves.Sum(move => move.Size);

    public override bool NeverGivesUp => true;

    /// <summary>Where the position of its outcome is noted.</summary>
    public AppliedPositions? Applied { get; init; }

    public override void Write(BatchWriter writer)
    {
        writer.Add(writer.PlaceOfLane(moves[0].Lane.Partition, group, topic));
        writer.Add(Keys.Encode(group));
        writer.Add(Keys.Encode(topic));
        writer.Add(fencingToken());
        writer.Add(moves.Count);
        foreach (var move in moves)
        {
            writer.Add(move.StreamId.WorldLine);
            writer.Add(move.StreamId.Number);
            writer.Add(move.Due > now ? (long)(move.Due - now).TotalMilliseconds : 0);
            writer.Add(move.Failures);
        }
    }

    protected override SettlementOutcome Parse(ReplyLine reply) => reply.ToSettlementOutcome(Applied, moves[0].Lane.Partition);
}

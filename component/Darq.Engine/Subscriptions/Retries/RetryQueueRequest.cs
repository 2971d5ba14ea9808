using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>A message that left its holder's memory, and what Redis has to be told of it.</summary>
internal readonly record struct Parking(
    Lane Lane,
    int Epoch,
    RetrySequence Sequence,
    Position StreamId,
    DateTimeOffset Due,
    int Failures,
    int Size
);

/// <summary>Puts messages of one lane into its retry queue. Waits as long as it takes: nothing else remembers them here.</summary>
internal sealed class RetryQueueRequest(
    string group,
    string topic,
    IReadOnlyList<Parking> parkings,
    Func<string> fencingToken,
    DateTimeOffset now
)
    : BatchRequest("park")
{
    /// <summary>What is copied inside Redis weighs as if it were sent, which keeps a batch short.</summary>
    public override int Size { get; } = parkings.Sum(parking => parking.Size);

    public override bool Patient => true;

    public override void Write(BatchWriter writer)
    {
        writer.Add(writer.Place(parkings[0].Lane.Partition));
        writer.Add(Keys.Encode(group));
        writer.Add(Keys.Encode(topic));
        writer.Add(fencingToken());
        writer.Add(parkings.Count);
        foreach (var parking in parkings)
        {
            writer.Add(parking.StreamId.WorldLine);
            writer.Add(parking.StreamId.Number);
            writer.Add(parking.Due > now ? (long)(parking.Due - now).TotalMilliseconds : 0);
            writer.Add(parking.Failures);
        }
    }
}

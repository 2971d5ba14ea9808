using System.Globalization;
using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// What this process appended itself to a lane that it holds is delivered as it is: it need not be waited for and read back.
/// </summary>
internal sealed partial class Subscription
{
    public void Appended(AppendedMessage appended)
    {
        lock (_lock)
        {
            var lane = _lanes[appended.Partition];
            if (!lane.Held)
            {
                return;
            }

            if (IsNext(lane, appended.StreamId))
            {
                lane.ReadUpTo = appended.StreamId;
                TakeIn(
                    lane,
                    new Message(
                        appended.Partition,
                        appended.StreamId,
                        appended.ExplicitId,
                        appended.Key,
                        appended.Data,
                        appended.Metadata,
                        long.MaxValue,
                        appended.Position
                    )
                );
            }
            lane.Tail = Math.Max(lane.Tail, appended.StreamId.Number);
            if (lane.Tail > lane.ReadUpTo.Number)
            {
                _read.Set();
            }
            else if (!lane.Armed)
            {
                _tend.Set();
            }
        }
        Dispatch();
    }

    /// <summary>
    /// Whether the message comes right after what was read, and is in the stream for certain: a lane held since the world-line
    /// in which it was appended cannot have lost it. Under _lock.
    /// </summary>
    private bool IsNext(Lane lane, Position streamId) =>
        lane.State == LaneState.Delivering
        && lane.RetryQueue.IsKnown
        && streamId.Number == lane.ReadUpTo.Number + 1
        && MayReadAhead
        && !lane.HadPassed(streamId.Number)
        && lane.FencingToken.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{streamId.WorldLine}."), StringComparison.Ordinal);
}

using Darq.Component.Cli.Data;

namespace Darq.Component.Cli.Repairs;

/// <summary>
/// The numbers of a lane and its acked ranges as they have to be, made from what is certain. In doubt a message counts as not acked, so
/// that it is delivered again rather than lost.
/// </summary>
internal static class LaneRebuild
{
    /// <param name="lane">What was found.</param>
    /// <param name="trimmed">Up to where the stream was trimmed: nothing before it can be delivered.</param>
    /// <param name="seq">The last number of the topic.</param>
    /// <param name="holes">Numbers whose entries are missing from the stream: nobody can ack them.</param>
    /// <param name="fencingToken">A token above any that was given.</param>
    public static (LaneNumbers Numbers, IReadOnlyList<AckedRange> Ranges) Of(
        LaneFacts lane,
        long trimmed,
        long seq,
        IReadOnlyList<AckedRange> holes,
        string fencingToken
    )
    {
        var old = lane.Numbers;
        var (watermark, worldLine) = old is null || old.Seq < trimmed ? (trimmed, "0") : (Math.Min(old.Seq, seq), old.WorldLine);
        var known = lane.Ranges.Select(AckedRange.Parse).OfType<AckedRange>().Concat(lane.Done).Concat(holes).OrderBy(range => range.First);
        var ranges = new List<AckedRange>();
        foreach (var range in known.Where(range => range.First <= seq))
        {
            var last = Math.Min(range.Last, seq);
            if (range.First <= watermark + 1)
            {
                (watermark, worldLine) = last > watermark ? (last, range.WorldLine) : (watermark, worldLine);
            }
            else if (ranges.Count > 0 && range.First <= ranges[^1].Last + 1)
            {
                ranges[^1] = last > ranges[^1].Last ? ranges[^1] with { Last = last, WorldLine = range.WorldLine } : ranges[^1];
            }
            else
            {
                ranges.Add(range with { Last = last });
            }
        }

        if (old is not null && IsSame(lane, old, watermark, ranges))
        {
            return (old, ranges);
        }

        var finished = (old?.Consumed ?? 0) + (old?.Dead ?? 0) + (old?.Expired ?? 0);
        // The books: seq - start = consumed + dead + expired + pending. What is lost is not part of the lane any more.
        var acked = watermark + ranges.Sum(range => range.Last - range.First + 1);
        var numbers = new LaneNumbers(
            "-",
            fencingToken,
            worldLine,
            watermark,
            ranges.Count,
            old?.Consumed ?? 0,
            Math.Max(0, acked - lane.Queued - finished),
            old?.Dead ?? 0,
            old?.Expired ?? 0,
            old?.TakeOvers ?? 0,
            0,
            0
        );
        return (numbers, ranges);
    }

    private static bool IsSame(LaneFacts lane, LaneNumbers old, long watermark, List<AckedRange> ranges) =>
        watermark == old.Seq
        && ranges.Count == old.Ranges
        && lane.Ranges.Order(StringComparer.Ordinal)
            .SequenceEqual(ranges.Select(range => range.ToString()).Order(StringComparer.Ordinal), StringComparer.Ordinal);
}

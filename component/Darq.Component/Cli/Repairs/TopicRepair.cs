using Darq.Component.Cli.Data;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Repairs;

/// <summary>
/// Makes the numbers of a topic and of its lanes agree with its stream, in one change. What is damaged is made anew; what is sound stays.
/// </summary>
internal static class TopicRepair
{
    private const int WordsMax = 1000;

    /// <summary>The change, or null where nothing has to be changed.</summary>
    /// <param name="facts">What was found.</param>
    /// <param name="nowMs">The server's clock, which makes fencing tokens above any that was counted up.</param>
    public static Repair? Of(TopicFacts facts, long nowMs)
    {
        var topic = Numbers(facts);
        var token = $"{facts.WorldLine}.{StoredNumbers.Text(nowMs)}";
        var writing = new Writing(facts);
        foreach (var lane in facts.Lanes)
        {
            var rebuilt = LaneRebuild.Of(lane, topic.Trimmed, topic.Seq, facts.Stream?.Holes ?? [], token);
            writing.Lane(lane, rebuilt.Numbers, rebuilt.Ranges);
        }

        writing.Topic(topic);
        return writing.Done();
    }

    private static TopicNumbers Numbers(TopicFacts facts)
    {
        var (old, stream) = (facts.Numbers, facts.Stream);
        var acked = facts.Lanes.Select(Highest).Append(0).Max();
        var seq = stream?.Last.Number ?? Math.Max(old?.Seq ?? 0, acked);
        var groups = (old?.Groups ?? []).Concat(facts.Lanes.Select(lane => lane.Group).Order(StringComparer.Ordinal)).Distinct();
        var numbers = new TopicNumbers(
            seq,
            old?.Bytes ?? stream?.Bytes ?? 0,
            stream?.First is { } first ? first.Number - 1 : seq,
            old?.Duplicates ?? 0,
            old?.Armed ?? "*",
            [.. groups]
        );
        // Who waits for the next message is woken once for nothing, rather than not at all.
        return numbers.ToString() == facts.Text ? numbers : numbers with { Armed = "*" };
    }

    private static long Highest(LaneFacts lane) =>
        lane.Ranges.Select(AckedRange.Parse).Select(range => range?.Last ?? 0).Append(lane.Numbers?.Seq ?? 0).Max();

    /// <summary>Collects what changes, and what that rests on.</summary>
    private sealed class Writing(TopicFacts facts)
    {
        private readonly List<Condition> _conditions = [];
        private readonly List<IReadOnlyList<string>> _commands = [];
        private readonly HashSet<string> _keys = [facts.Header];
        private readonly List<string> _what = [];
        private bool _restsOnTopic;

        public void Lane(LaneFacts lane, LaneNumbers numbers, IReadOnlyList<AckedRange> ranges)
        {
            var text = numbers.ToString();
            var members = ranges.Select(range => range.ToString()).ToHashSet(StringComparer.Ordinal);
            string[] gone = [.. lane.Ranges.Where(member => !members.Contains(member))];
            var stored = lane.Ranges.ToHashSet(StringComparer.Ordinal);
            AckedRange[] added = [.. ranges.Where(range => !stored.Contains(range.ToString()))];
            if (text == lane.Text && gone.Length == 0 && added.Length == 0)
            {
                return;
            }

            var field = $"l:{lane.Group}:{facts.Topic}";
            var key = $"{facts.Tag}:o:{lane.Group}:{facts.Topic}";
            _conditions.Add(Condition.Field(facts.Header, field, lane.Text));
            // A damaged field stops all that could move the lane or trim its stream; with a sound one both go on.
            _restsOnTopic |= lane.Numbers is not null;
            _commands.Add(["HSET", facts.Header, field, text]);
            _keys.Add(key);
            _commands.AddRange(gone.Chunk(WordsMax).Select(chunk => (string[])["ZREM", key, .. chunk]));
            _commands.AddRange(added.Chunk(WordsMax).Select(chunk => (string[])["ZADD", key, .. chunk.SelectMany(range => Words(range))]));
            _what.Add(
                $"write lane {field} anew: everything up to {numbers.Seq} counts as acked, with {ranges.Count} ranges above it; the rest "
                    + "of the stream is delivered again, to whoever claims the lane next"
            );
        }

        public void Topic(TopicNumbers numbers)
        {
            var text = numbers.ToString();
            if (text != facts.Text)
            {
                _commands.Add(["HSET", facts.Header, facts.Field, text]);
                _restsOnTopic = true;
                _what.Add(
                    $"write the numbers of the topic {facts.Field} anew, from its stream: last number {numbers.Seq}, trimmed up to "
                        + $"{numbers.Trimmed}, groups {(numbers.Groups.Count == 0 ? "none" : string.Join(", ", numbers.Groups))}"
                );
            }
        }

        public Repair? Done()
        {
            if (_commands.Count == 0)
            {
                return null;
            }

            if (_restsOnTopic)
            {
                _conditions.Add(Condition.Field(facts.Header, facts.Field, facts.Text));
            }

            return new(string.Join("; ", _what), facts.Header, new([.. _keys], _conditions, _commands)) { ConcernsOwners = true };
        }

        private static IEnumerable<string> Words(AckedRange range) => [StoredNumbers.Text(range.First), range.ToString()];
    }
}

using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;

namespace Darq.Component.Cli.Checks;

/// <summary>Whether a topic's numbers, its stream and its lanes agree. All findings of one topic share a repair.</summary>
internal static class TopicCheck
{
    private const string Doing = "darq repair";

    public static IReadOnlyList<Finding> Judge(TopicFacts facts, long nowMs)
    {
        if (facts.IsForeign)
        {
            return [];
        }

        Finding[] found = [.. Topic(facts), .. Stream(facts), .. facts.Lanes.SelectMany(lane => Lane(facts, lane))];
        if (found.Length == 0)
        {
            return found;
        }

        var repair = TopicRepair.Of(facts, nowMs);
        return [.. found.Select(finding => finding with { Partition = facts.Partition, Repair = repair })];
    }

    private static IEnumerable<Finding> Topic(TopicFacts facts)
    {
        if (facts.Text is null)
        {
            yield return Of(facts, "topic", "The stream has messages, and the header has no numbers of its topic.", facts.Field) with
            {
                Means = "The next message would get a number that is taken already.",
            };
        }
        else if (facts.Numbers is null)
        {
            yield return Of(facts, "topic", $"The numbers of a topic are damaged: {Shown(facts.Text)}.", facts.Field) with
            {
                Means = "Publishing to this topic and acks of it fail in this partition; the other topics go on.",
            };
        }
    }

    private static IEnumerable<Finding> Stream(TopicFacts facts)
    {
        if (facts.Numbers is not { } numbers)
        {
            yield break;
        }

        if (facts.Stream is not { } stream)
        {
            if (numbers.Seq > numbers.Trimmed)
            {
                yield return OfStream(facts, $"The stream is gone; messages {numbers.Trimmed + 1} to {numbers.Seq} were in it.") with
                {
                    Means = "They are lost where they were not acked, and the lanes would wait for them for ever.",
                    Do = "Restore a backup, or accept the loss: darq repair",
                };
            }

            yield break;
        }

        if (stream.Last.Number != numbers.Seq)
        {
            yield return OfStream(facts, $"The last message of the stream is {stream.Last.Number}, its topic counts {numbers.Seq}.") with
            {
                Means =
                    stream.Last.Number > numbers.Seq
                        ? "The next message would get a number that is taken, and break the partition."
                        : "The last messages are missing, or their request was cut in the middle; the lanes would wait for them for ever.",
            };
        }
        else if (stream.First is { } first && first.Number - 1 != numbers.Trimmed || stream.First is null && numbers.Trimmed != numbers.Seq)
        {
            yield return OfStream(
                facts,
                $"The stream begins with {stream.First?.Number ?? stream.Last.Number + 1}, and counts as trimmed up to {numbers.Trimmed}."
            ) with
            {
                Means = "Messages are gone that were not acked by all groups, or the room of the topic is counted wrongly.",
            };
        }

        if (stream.Missing > 0)
        {
            yield return OfStream(facts, $"{stream.Missing} messages are missing in the middle of the stream.") with
            {
                Means = "They were deleted by hand or lost. The lanes wait for their acks for ever, and the stream grows until it is full.",
            };
        }
    }

    private static IEnumerable<Finding> Lane(TopicFacts facts, LaneFacts lane)
    {
        var field = $"l:{lane.Group}:{facts.Topic}";
        if (lane.Text is null)
        {
            yield return Of(facts, "lane", "A group is registered with the topic, and its lane is missing.", field) with
            {
                Means = "The stream is never trimmed, and fills up.",
            };
        }
        else if (lane.Numbers is null)
        {
            yield return Of(facts, "lane", $"A lane is damaged: {Shown(lane.Text)}.", field) with
            {
                Means = "The group gets nothing more of this partition; its other lanes go on.",
            };
        }
        else
        {
            foreach (var finding in Numbers(facts, lane, lane.Numbers, field))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<Finding> Numbers(TopicFacts facts, LaneFacts lane, LaneNumbers numbers, string field)
    {
        if (facts.Numbers is { } topic)
        {
            if (numbers.Seq < topic.Trimmed)
            {
                yield return Of(facts, "lane", $"Acked up to {numbers.Seq}, but the stream was trimmed up to {topic.Trimmed}.", field) with
                {
                    Means = "The lane waits for messages that are gone: half a transaction was executed, or entries were deleted.",
                    Do = Doing + ", and BGREWRITEAOF if the server was restarted lately",
                };
            }

            if (numbers.Seq > topic.Seq)
            {
                yield return Of(facts, "lane", $"Acked up to {numbers.Seq}, but the topic has only {topic.Seq} messages.", field) with
                {
                    Means = "The next messages count as acked and are never delivered.",
                };
            }

            if (!topic.Groups.Contains(lane.Group, StringComparer.Ordinal))
            {
                yield return Of(facts, "lane", "The group has a lane, and is not registered with the topic.", field) with
                {
                    Means = "The stream is trimmed without regard to it: its messages may be lost.",
                };
            }
        }

        if (Ranges(lane, numbers) is { } wrong)
        {
            yield return new Finding(Severity.Error, "ranges", wrong)
            {
                Key = $"{facts.Tag}:o:{lane.Group}:{facts.Topic}",
                Means = "Acks of this lane fail, or messages that were acked are delivered again.",
                Do = Doing,
            };
        }
    }

    private static string? Ranges(LaneFacts lane, LaneNumbers numbers)
    {
        if (lane.Ranges.FirstOrDefault(member => AckedRange.Parse(member) is null) is { } damaged)
        {
            return $"An acked range is damaged: {Shown(damaged)}.";
        }

        if (lane.Ranges.Count != numbers.Ranges)
        {
            return $"{lane.Ranges.Count} acked ranges are stored, and the lane counts {numbers.Ranges}.";
        }

        var end = numbers.Seq;
        foreach (var range in lane.Ranges.Select(AckedRange.Parse).OfType<AckedRange>().OrderBy(range => range.First))
        {
            if (range.First <= end + 1)
            {
                return $"The acked range {range} touches what was acked up to {end}.";
            }

            end = range.Last;
        }

        return null;
    }

    private static Finding Of(TopicFacts facts, string check, string what, string field) =>
        new(Severity.Error, check, what)
        {
            Key = facts.Header,
            Field = field,
            Means = "",
            Do = Doing,
        };

    private static Finding OfStream(TopicFacts facts, string what) =>
        new(Severity.Error, "stream", what)
        {
            Key = facts.StreamKey,
            Means = "",
            Do = Doing,
        };

    private static string Shown(string text) => Configuration.SettingValues.Show(text);
}

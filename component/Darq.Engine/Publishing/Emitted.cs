using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Publishing;

/// <summary>
/// Reads a reply about appended messages: per message a stream id, with = before a duplicate's, and a position; or only those of
/// the first, where the others follow it without a gap.
/// </summary>
internal static class Emitted
{
    /// <summary>Notes the positions. Announces the messages only where this very request appended them.</summary>
    public static Published[] Read(Primary primary, IReadOnlyList<Append> appends, ReadOnlySpan<char> words, bool isFirst)
    {
        var published = new Published[appends.Count];
        TopicCounters? counters = null;
        for (var i = 0; i < published.Length; i++)
        {
            var append = appends[i];
            if (words.IsEmpty)
            {
                published[i] = published[i - 1] with { Id = append.Id, StreamId = published[i - 1].StreamId.Next };
            }
            else
            {
                var id = ReplyLine.NextWord(ref words);
                var isDuplicate = id[0] == '=';
                published[i] = new(
                    append.Id,
                    append.Partition,
                    Position.Parse(isDuplicate ? id[1..] : id),
                    Position.Parse(ReplyLine.NextWord(ref words)),
                    isDuplicate
                );
                primary.Applied.Note(append.Partition, published[i].Applied);
            }

            if (isFirst)
            {
                // Most requests have one topic.
                counters = i > 0 && append.Topic == appends[i - 1].Topic ? counters : CountersOf(primary, append.Topic);
                (published[i].Duplicate ? counters!.Duplicates : counters!.Appended).Add();
            }

            // A message that expires is read back, because only the server knows its expiry.
            if (isFirst && !published[i].Duplicate && append.TimeToLive is null)
            {
                primary.Announce(
                    new(
                        append.Partition,
                        append.Topic,
                        published[i].StreamId,
                        published[i].Applied,
                        append.Id,
                        append.Key,
                        append.Data,
                        append.Metadata
                    )
                );
            }
        }
        return published;
    }

    private static TopicCounters CountersOf(Primary primary, string topic) =>
        EngineCounters.Topics.Of(primary.Counters.Labels.Namespace, topic: topic);
}

using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>Publishes to topics, each call all or none. Duplicates are answered with the original.</summary>
internal sealed class Publisher(Primary primary, NamespaceOptions options)
{
    /// <summary>
    /// Appends the messages in order as one request. Throws <see cref="DarqException"/>; after Unavailable the outcome
    /// may be unknown, and publishing again with the same ids is safe. Cancelling does not take a publish back.
    /// </summary>
    public async ValueTask<IReadOnlyList<Published>> PublishAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        CancellationToken cancellation
    )
    {
        Append.CheckTopic(topic);
        if (entries.Count == 0)
        {
            return [];
        }

        var appends = new Append[entries.Count];
        // Messages that nothing else places go together where a repetition of the request finds them.
        var repetition = options.DedupBy == DedupBy.Content ? EventIdentity.OfRequest(entries) ?? "" : "";
        var home = repetition.Length > 0 ? PartitionHash.Of(repetition, options.Partitions) : primary.Spread();
        for (var i = 0; i < appends.Length; i++)
        {
            appends[i] = Append.From(topic, entries[i], options, home);
        }

        AppendRequest request = Array.TrueForAll(appends, append => append.IsBare)
            ? new BareRequest(appends, repetition, primary, options)
            : new MixedRequest(appends, repetition, primary, options);
        var reply = await primary.SubmitAsync(request, cancellation);
        if (request.Published is { } published)
        {
            return published;
        }

        throw reply.StartsWith("FULL ", StringComparison.Ordinal)
            ? new DarqException(
                ErrorCode.Full,
                $"FULL: topic '{topic}' holds {options.MaxBacklog:N0} messages in one partition (maxBacklog) and takes no more "
                    + "until its groups have passed some."
            )
            : RequestErrors.Of(reply);
    }
}

/// <summary>
/// Reads what a reply says of appended messages: per message a stream id, with = before a duplicate's, and a position; or
/// those of the first alone, where the others follow it without a gap.
/// </summary>
internal static class Emitted
{
    /// <summary>Notes the positions, and where this reply is of the very request that appended the messages, announces those.</summary>
    public static Published[] Read(Primary primary, IReadOnlyList<Append> appends, ReadOnlySpan<char> words, bool isFirst)
    {
        var published = new Published[appends.Count];
        for (var i = 0; i < published.Length; i++)
        {
            var append = appends[i];
            if (words.IsEmpty)
            {
                published[i] = published[i - 1] with { StreamId = published[i - 1].StreamId.Next };
            }
            else
            {
                var id = Next(ref words);
                var isDuplicate = id[0] == '=';
                published[i] = new(
                    append.Partition,
                    Position.Parse(isDuplicate ? id[1..] : id),
                    Position.Parse(Next(ref words)),
                    isDuplicate
                );
                primary.Applied.Note(append.Partition, published[i].Applied);
            }
            // When an expiring one expires, the server alone knows.
            if (isFirst && !published[i].Duplicate && append.TimeToLive is null)
            {
                primary.Announce(
                    new(
                        append.Partition,
                        append.Topic,
                        published[i].StreamId,
                        published[i].Applied,
                        append.Explicit ? append.Id : "",
                        append.Key,
                        append.Data,
                        append.Metadata
                    )
                );
            }
        }
        return published;
    }

    /// <summary>Takes the first word off.</summary>
    public static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> words)
    {
        var space = words.IndexOf(' ');
        var word = space < 0 ? words : words[..space];
        words = space < 0 ? [] : words[(space + 1)..];
        return word;
    }
}

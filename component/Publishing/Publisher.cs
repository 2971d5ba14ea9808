using Darq.Partitions;
using Darq.Redis;

namespace Darq.Publishing;

/// <summary>Publishes to topics, each call all or none. Duplicates are answered with the original.</summary>
internal sealed class Publisher(Primary primary, NamespaceOptions options)
{
    /// <summary>
    /// Appends the messages in order as one request. Throws <see cref="DarqException"/>; after Unavailable the outcome
    /// may be unknown, and publishing again with the same ids is safe. Cancelling does not take a publish back.
    /// </summary>
    public async ValueTask<IReadOnlyList<Published>> PublishAsync(string topic, IReadOnlyList<PublishEntry> entries, CancellationToken cancellation)
    {
        Append.CheckTopic(topic);
        if (entries.Count == 0) return [];
        var appends = new Append[entries.Count];
        // Messages that nothing else places go together where a repetition of the request finds them.
        var repetition = options.DedupBy == DedupBy.Content ? EventIdentity.OfRequest(entries) ?? "" : "";
        var home = repetition.Length > 0 ? PartitionHash.Of(repetition, options.Partitions) : primary.Spread();
        for (var i = 0; i < appends.Length; i++) appends[i] = Append.From(topic, entries[i], options, home);
        BatchRequest request = Array.TrueForAll(appends, append => append.IsBare)
            ? new BareRequest(appends, repetition, options)
            : new PublishRequest(appends, repetition, options);
        var reply = await primary.SubmitAsync(request, cancellation);
        var words = reply.Split(' ');
        return words[0] switch
        {
            "OK" => Emitted.Parse(primary, appends, words.AsSpan(1), isFirst: true),
            "FULL" => throw new DarqException(Refusal.Full, $"FULL: topic '{topic}' holds {options.MaxBacklog:N0} messages in one partition (maxBacklog) and takes no more until its groups have passed some."),
            _ => throw Refusals.Of(reply),
        };
    }

    private sealed class PublishRequest(Append[] appends, string repetition, NamespaceOptions options) : BatchRequest("publish")
    {
        public override int Size { get; } = appends.Sum(append => append.Size);

        public override bool Repeatable => repetition.Length > 0 || Array.TrueForAll(appends, append => append.Id.Length > 0);

        public override void Write(BatchWriter writer)
        {
            writer.Add(repetition);
            writer.Add((long)options.RetryWindow.TotalMilliseconds);
            writer.Add(appends.Length);
            foreach (var append in appends) append.Write(writer, options);
        }
    }

    /// <summary>Messages that are nothing but data all go where the first goes, and need few arguments.</summary>
    private sealed class BareRequest(Append[] appends, string repetition, NamespaceOptions options) : BatchRequest("bare")
    {
        public override int Size { get; } = appends.Sum(append => append.Size);

        public override bool Repeatable => repetition.Length > 0;

        public override void Write(BatchWriter writer)
        {
            writer.Add(repetition);
            writer.Add((long)options.RetryWindow.TotalMilliseconds);
            writer.Add(writer.Place(appends[0].Partition));
            writer.Add(Keys.Encode(appends[0].Topic));
            writer.Add(options.MaxBacklog);
            writer.Add(appends.Length);
            foreach (var append in appends) writer.Add(append.Data);
        }
    }
}

/// <summary>
/// Reads what a reply says of appended messages: per message a stream id, with = before a duplicate's, and a position; or
/// those of the first alone, where the others follow it without a gap.
/// </summary>
internal static class Emitted
{
    /// <summary>Notes the positions, and where this reply is of the very request that appended the messages, announces those.</summary>
    public static Published[] Parse(Primary primary, IReadOnlyList<Append> appends, ReadOnlySpan<string> words, bool isFirst)
    {
        var published = new Published[appends.Count];
        var isFirstAlone = words.Length == 2;
        for (var i = 0; i < published.Length; i++)
        {
            var at = isFirstAlone ? 0 : 2 * i;
            var (id, position, append) = (words[at], Position.Parse(words[at + 1]), appends[i]);
            var isDuplicate = id[0] == '=';
            var streamId = Position.Parse(isDuplicate ? id.AsSpan(1) : id);
            if (isFirstAlone) streamId = streamId with { Number = streamId.Number + i };
            primary.Applied.Note(append.Partition, position);
            // When an expiring one expires, the server alone knows.
            if (isFirst && !isDuplicate && append.TimeToLive is null)
                primary.Announce(new(append.Partition, append.Topic, streamId, position, append.Explicit ? append.Id : "", append.Key, append.Data, append.Metadata));
            published[i] = new(append.Partition, streamId, position, isDuplicate);
        }
        return published;
    }
}

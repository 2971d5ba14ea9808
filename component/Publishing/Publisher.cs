using Darq.Partitions;

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
        var reply = await primary.SubmitAsync(new PublishRequest(appends, repetition, options), cancellation);
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
}

/// <summary>Reads what a reply says of appended messages: per message a stream id, with = before a duplicate's, and a position.</summary>
internal static class Emitted
{
    /// <summary>Notes the positions, and where this reply is of the very request that appended the messages, announces those.</summary>
    public static Published[] Parse(Primary primary, IReadOnlyList<Append> appends, ReadOnlySpan<string> words, bool isFirst)
    {
        var published = new Published[appends.Count];
        for (var i = 0; i < published.Length; i++)
        {
            var (id, position, append) = (words[2 * i], Position.Parse(words[2 * i + 1]), appends[i]);
            var isDuplicate = id[0] == '=';
            var streamId = Position.Parse(isDuplicate ? id.AsSpan(1) : id);
            primary.Applied.Note(append.Partition, position);
            // When an expiring one expires, the server alone knows.
            if (isFirst && !isDuplicate && append.TimeToLive is null)
                primary.Announce(new(append.Partition, append.Topic, streamId, position, append.Explicit ? append.Id : "", append.Key, append.Data, append.Metadata));
            published[i] = new(append.Partition, streamId, position, isDuplicate);
        }
        return published;
    }
}

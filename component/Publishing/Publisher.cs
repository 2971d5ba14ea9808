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
        var request = new PublishRequest(appends, repetition, primary, options);
        var reply = await primary.SubmitAsync(request, cancellation);
        if (request.Published is { } published) return published;
        throw reply.StartsWith("FULL ", StringComparison.Ordinal)
            ? new DarqException(Refusal.Full, $"FULL: topic '{topic}' holds {options.MaxBacklog:N0} messages in one partition (maxBacklog) and takes no more until its groups have passed some.")
            : Refusals.Of(reply);
    }

    private sealed class PublishRequest(Append[] appends, string repetition, Primary primary, NamespaceOptions options) : BatchRequest("publish")
    {
        /// <summary>What became of the messages; null where they were refused.</summary>
        public Published[]? Published { get; private set; }

        public override int Size { get; } = appends.Sum(append => append.Size);

        public override bool Repeatable => repetition.Length > 0 || Array.TrueForAll(appends, append => append.Id.Length > 0);

        public override void Write(BatchWriter writer)
        {
            writer.Add(repetition);
            writer.Add((long)options.RetryWindow.TotalMilliseconds);
            writer.Add(appends.Length);
            foreach (var append in appends) append.Write(writer, options);
        }

        protected override void Heard(string reply)
        {
            if (reply.StartsWith("OK ", StringComparison.Ordinal)) Published = Emitted.Read(primary, appends, reply.AsSpan(3), isFirst: true);
        }
    }
}

/// <summary>Reads what a reply says of appended messages: per message a stream id, with = before a duplicate's, and a position.</summary>
internal static class Emitted
{
    /// <summary>Notes the positions, and where this reply is of the very request that appended the messages, announces those.</summary>
    public static Published[] Read(Primary primary, IReadOnlyList<Append> appends, ReadOnlySpan<char> words, bool isFirst)
    {
        var published = new Published[appends.Count];
        for (var i = 0; i < published.Length; i++)
        {
            var append = appends[i];
            var id = Next(ref words);
            var position = Position.Parse(Next(ref words));
            var isDuplicate = id[0] == '=';
            var streamId = Position.Parse(isDuplicate ? id[1..] : id);
            primary.Applied.Note(append.Partition, position);
            // When an expiring one expires, the server alone knows.
            if (isFirst && !isDuplicate && append.TimeToLive is null)
                primary.Announce(new(append.Partition, append.Topic, streamId, position, append.Explicit ? append.Id : "", append.Key, append.Data, append.Metadata));
            published[i] = new(append.Partition, streamId, position, isDuplicate);
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

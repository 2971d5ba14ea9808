using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>Publishes to topics, each call all or none. A duplicate gets the id and position of the original.</summary>
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

        var (appends, ids) = (new Append[entries.Count], primary.Ids.Take(entries.Count));
        // Messages with neither key nor id share a partition, in which a repeated request finds its first reply.
        var identity = options.DedupBy == DedupBy.Content ? EventIdentity.OfRequest(entries) ?? "" : "";
        var home = identity.Length > 0 ? PartitionHash.Of(identity, options.Partitions) : primary.Spread();
        for (var i = 0; i < appends.Length; i++)
        {
            appends[i] = Append.From(topic, entries[i], options, home, ids[i]);
        }

        AppendRequest request = Array.TrueForAll(appends, append => append.IsBare)
            ? new BareRequest(appends, identity, ids, primary, options)
            : new MixedRequest(appends, identity, primary, options);
        return await primary.SubmitAsync(request, cancellation);
    }
}

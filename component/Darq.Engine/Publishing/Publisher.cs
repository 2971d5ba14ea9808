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
        return await primary.SubmitAsync(request, cancellation);
    }
}

using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>Publishes to topics, each call all or none. A duplicate gets the id and position of the original.</summary>
internal sealed class Publisher(Primary primary, NamespaceOptions options)
{
    /// <summary>Monotonic.</summary>
    private TimeSpan Now => primary.Time.GetElapsedTime(0);

    /// <summary>As the other one, for callers that repeat nothing.</summary>
    public ValueTask<IReadOnlyList<Published>> PublishAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        CancellationToken cancellation
    ) => PublishAsync(topic, entries, unanswered: null, cancellation);

    /// <summary>
    /// Appends the messages in order as one request. Throws <see cref="DarqException"/>; after Unavailable the outcome
    /// may be unknown, and publishing again with the same ids is safe. Cancelling does not take a publish back.
    /// </summary>
    /// <param name="topic">Where to.</param>
    /// <param name="entries">The messages.</param>
    /// <param name="unanswered">
    /// What the same sidecar published without an answer: an equal call that follows is its retry. Null where nobody retries equal calls.
    /// </param>
    /// <param name="cancellation">Ends the wait.</param>
    public ValueTask<IReadOnlyList<Published>> PublishAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        UnansweredPublishes? unanswered,
        CancellationToken cancellation
    )
    {
        Append.CheckTopic(topic);
        if (entries.Count == 0)
        {
            return new([]);
        }

        if (unanswered is not { Count: > 0 })
        {
            return SubmitAsync(topic, entries, unanswered, cancellation);
        }

        var digest = UnansweredPublishes.DigestOf(topic, entries);
        return unanswered.TryTake(digest, Now, out var outcome)
            ? RepeatAsync(topic, entries, digest, outcome, unanswered, cancellation)
            : SubmitAsync(topic, entries, unanswered, cancellation);
    }

    /// <summary>Waits for the outcome of the call before; publishes where that took no effect.</summary>
    private async ValueTask<IReadOnlyList<Published>> RepeatAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        string digest,
        Task<Published[]> outcome,
        UnansweredPublishes unanswered,
        CancellationToken cancellation
    )
    {
        try
        {
            var published = await outcome.WaitAsync(options.CallTimeout, primary.Time, cancellation);
            return [.. published.Select(message => message with { Duplicate = true })];
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            Remember(unanswered, digest, outcome);
            throw fault is TimeoutException ? primary.NoAnswer() : fault;
        }
        catch (DarqException)
        {
            return await SubmitAsync(topic, entries, unanswered, cancellation);
        }
    }

    /// <summary>
    /// The call of a publish ended at about the time that its caller gave up, who perhaps did not hear the answer: an equal call that
    /// follows gets it.
    /// </summary>
    public void Unheard(string topic, IReadOnlyList<PublishEntry> entries, IReadOnlyList<Published> answer, UnansweredPublishes unanswered)
    {
        if (entries.Count > 0)
        {
            Remember(unanswered, UnansweredPublishes.DigestOf(topic, entries), Task.FromResult<Published[]>([.. answer]));
        }
    }

    private async ValueTask<IReadOnlyList<Published>> SubmitAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        UnansweredPublishes? unanswered,
        CancellationToken cancellation
    )
    {
        var request = RequestOf(topic, entries);
        try
        {
            return await primary.SubmitAsync(request, cancellation);
        }
        catch (Exception) when (unanswered is not null && request.Late is { } outcome)
        {
            Remember(unanswered, UnansweredPublishes.DigestOf(topic, entries), outcome);
            throw;
        }
    }

    private void Remember(UnansweredPublishes unanswered, string digest, Task<Published[]> outcome) =>
        unanswered.Add(digest, outcome, Now + options.RetryWindow);

    private AppendRequest RequestOf(string topic, IReadOnlyList<PublishEntry> entries)
    {
        var (appends, ids) = (new Append[entries.Count], primary.Ids.Take(entries.Count));
        // Messages with neither key nor id share a partition, in which a repeated request finds its first reply.
        var identity = options.DedupBy == DedupBy.Content ? EventIdentity.OfRequest(entries) ?? "" : "";
        var home = identity.Length > 0 ? PartitionHash.Of(identity, options.Partitions) : primary.Spread();
        var faults = new EntryFaults(entries);
        for (var i = 0; i < appends.Length; i++)
        {
            try
            {
                appends[i] = Append.From(topic, entries[i], options, home, ids[i]);
            }
            catch (DarqException fault)
            {
                faults.Add(i, fault);
            }
        }

        faults.ThrowIfAny();
        return Array.TrueForAll(appends, append => append.IsBare)
            ? new BareRequest(appends, identity, ids, primary, options)
            : new MixedRequest(appends, identity, primary, options);
    }
}

using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>Publishes to topics, each call all or none. A duplicate gets the id and position of the original.</summary>
internal sealed class Publisher(Primary primary, NamespaceOptions options)
{
    /// <summary>Monotonic.</summary>
    private TimeSpan Now => primary.Time.GetElapsedTime(0);

    /// <summary>As the other one, for callers that repeat nothing.</summary>
    public async ValueTask<IReadOnlyList<Published>> PublishAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        CancellationToken cancellation
    ) => (await PublishAsync(topic, entries, unanswered: null, cancellation)).Messages;

    /// <summary>
    /// Appends the messages in order as one request, and answers when they are durable, or only applied: as its entries say, of which one
    /// decides for durable, else as the component does. Throws <see cref="DarqException"/>; after Unavailable the outcome
    /// may be unknown, and publishing again with the same ids is safe. Cancelling does not take a publish back.
    /// </summary>
    /// <param name="topic">Where to.</param>
    /// <param name="entries">The messages.</param>
    /// <param name="unanswered">
    /// What the same sidecar published without an answer: an equal call that follows is its retry. Null where nobody retries equal calls.
    /// </param>
    /// <param name="cancellation">Ends the wait.</param>
    public ValueTask<PublishAnswer> PublishAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        UnansweredPublishes? unanswered,
        CancellationToken cancellation
    )
    {
        Append.CheckTopic(topic);
        if (entries.Count == 0)
        {
            return new(new PublishAnswer([], default));
        }

        if (unanswered is not { Count: > 0 })
        {
            return SubmitAsync(topic, entries, unanswered, cancellation);
        }

        var digest = UnansweredPublishes.DigestOf(topic, entries);
        return unanswered.TryTake(digest, Now, out var former)
            ? RepeatAsync(topic, entries, former, unanswered, cancellation)
            : SubmitAsync(topic, entries, unanswered, cancellation);
    }

    /// <summary>Waits for the outcome of the call before; publishes where that took no effect.</summary>
    private async ValueTask<PublishAnswer> RepeatAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        Unanswered former,
        UnansweredPublishes unanswered,
        CancellationToken cancellation
    )
    {
        Published[] published;
        try
        {
            published = await former.Outcome.WaitAsync(options.CallTimeout, primary.Time, cancellation);
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            Remember(unanswered, former.Digest, former.Outcome, former.RecoveriesBefore);
            throw fault is TimeoutException ? primary.NoAnswer() : fault;
        }
        catch (DarqException)
        {
            return await SubmitAsync(topic, entries, unanswered, cancellation);
        }

        if (primary.Watermark.Recoveries != former.RecoveriesBefore && !Survive(published))
        {
            // Redis may have lost them: two are better than none.
            return await SubmitAsync(topic, entries, unanswered, cancellation);
        }

        if (options.MustBeDurable(AckOf(entries)))
        {
            await DurableAsync(topic, entries, published, former.RecoveriesBefore, unanswered, cancellation);
        }

        return Answer([.. published.Select(message => message with { Duplicate = true })], former.RecoveriesBefore);
    }

    /// <summary>
    /// The call of a publish ended at about the time that its caller gave up, who perhaps did not hear the answer: an equal call that
    /// follows gets it.
    /// </summary>
    public void Unheard(string topic, IReadOnlyList<PublishEntry> entries, PublishAnswer answer, UnansweredPublishes unanswered)
    {
        if (entries.Count > 0)
        {
            var digest = UnansweredPublishes.DigestOf(topic, entries);
            Remember(unanswered, digest, Task.FromResult(answer.Messages), answer.RecoveriesBefore);
        }
    }

    private async ValueTask<PublishAnswer> SubmitAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        UnansweredPublishes? unanswered,
        CancellationToken cancellation
    )
    {
        var request = RequestOf(topic, entries);
        var mustBeDurable = options.MustBeDurable(request.Ack);
        var before = primary.Durable.Admit(mustBeDurable);
        Published[] published;
        try
        {
            published = await primary.SubmitAsync(request, cancellation);
        }
        catch (Exception) when (unanswered is not null && request.Late is { } outcome)
        {
            Remember(unanswered, UnansweredPublishes.DigestOf(topic, entries), outcome, before);
            throw;
        }

        // Mostly there is nothing to wait for, and no state of a wait to be made.
        if (mustBeDurable && !primary.Watermark.IsReplyEnough)
        {
            await DurableAsync(topic, entries, published, before, unanswered, cancellation);
        }

        return Answer(published, before);
    }

    /// <summary>
    /// Waits until messages that Redis has are durable. Where that takes too long, an equal call that follows goes on waiting for these.
    /// </summary>
    private async ValueTask DurableAsync(
        string topic,
        IReadOnlyList<PublishEntry> entries,
        Published[] published,
        RecoveryCount before,
        UnansweredPublishes? unanswered,
        CancellationToken cancellation
    )
    {
        try
        {
            await primary.Durable.WaitAsync(before, () => Survive(published), cancellation);
        }
        catch (Exception) when (unanswered is not null)
        {
            Remember(unanswered, UnansweredPublishes.DigestOf(topic, entries), Task.FromResult(published), before);
            throw;
        }
    }

    private PublishAnswer Answer(Published[] published, RecoveryCount before)
    {
        for (var i = 0; i < published.Length; i++)
        {
            var isDurable = primary.Durable.Knows(before, published[i].Partition, published[i].Applied);
            published[i] = published[i] with { Durable = isDurable };
        }

        return new(published, before);
    }

    /// <summary>When a call wants to be answered whose entries were accepted before.</summary>
    private static AckLevel? AckOf(IReadOnlyList<PublishEntry> entries) =>
        AckLevels.Together(entries.Select(entry => RequestAck.Of(RequestNames.Publish.Read(entry.Metadata))));

    private bool Survive(Published[] published) =>
        Array.TrueForAll(published, message => primary.Applied.Survives(message.Partition, message.Applied));

    private void Remember(UnansweredPublishes unanswered, string digest, Task<Published[]> outcome, RecoveryCount before) =>
        unanswered.Add(digest, outcome, before, Now + options.RetryWindow);

    private AppendRequest RequestOf(string topic, IReadOnlyList<PublishEntry> entries)
    {
        var (appends, ids) = (new Append[entries.Count], primary.Ids.Take(entries.Count));
        // Messages with neither key nor id share a partition, in which a repeated request finds its first reply.
        var identity = options.DedupBy == DedupBy.Content ? EventIdentity.OfRequest(entries) ?? "" : "";
        var home = identity.Length > 0 ? PartitionHash.Of(identity, options.Partitions) : Spread.Of(primary);
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

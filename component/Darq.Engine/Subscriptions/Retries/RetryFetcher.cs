using Darq.Engine.Connection;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>Learns what an earlier owner left in the retry queues, and fetches what is due.</summary>
internal sealed class RetryFetcher(GuardedCore core, RetryQueueReader queues, Primary primary, ReleaseGate gate, string topic, ILogger log)
{
    private const int PageMax = 1000;
    private const string Damaged = "DAMAGED ";

    // Of the loop alone: the claims of lanes, by partition, of which was said that their queue is damaged.
    private readonly Dictionary<int, int> _said = [];

    public async Task<TimeSpan> FetchAsync(CancellationToken cancellation)
    {
        if (core.Read(static core => core.NextUnknownRetries()) is { } lane)
        {
            await LearnAsync(lane, cancellation);
            return TimeSpan.Zero;
        }

        var (fetches, wait) = core.Apply(0, static (core, _, now) => core.NextRetryFetches(now));
        if (fetches.Count == 0)
        {
            return wait;
        }

        await FetchAsync(fetches, cancellation);
        return TimeSpan.Zero;
    }

    private async Task LearnAsync(Lane lane, CancellationToken cancellation)
    {
        var (epoch, after, longest) = core.Read(core => (lane.Epoch, lane.Retries.KnownUpTo, RetryDelay.Longest(core.Options)));
        await primary.ReadyAsync(cancellation);
        var page = await queues.PageAsync(lane.Partition, after, PageMax, cancellation);
        // A wait goes on by our clock, whatever that one's difference to the server's is. Where the server's was set back since, it would
        // be longer than any.
        (RetryQueueEntry, TimeSpan)[] entries =
        [
            .. page.Entries.Select(entry =>
                (entry, TimeSpan.FromMilliseconds(Math.Clamp(entry.DueMs - page.NowMs, 0, longest.TotalMilliseconds)))
            ),
        ];
        core.Apply(
            (lane, epoch, entries, page.IsLast),
            static (core, learned, now) => core.OnRetriesLearned(learned.lane, learned.epoch, learned.entries, learned.IsLast, now)
        );
    }

    private async Task FetchAsync(IReadOnlyList<RetryFetch> fetches, CancellationToken cancellation)
    {
        (FetchedMessage[] Messages, bool IsDamaged)[] found = [.. fetches.Select(_ => (Array.Empty<FetchedMessage>(), false))];
        try
        {
            await primary.ReadyAsync(cancellation);
            var before = gate.Recoveries;
            var bodies = await queues.BodiesAsync(
                [.. fetches.SelectMany(fetch => fetch.Seqs, (fetch, seq) => (fetch.Lane.Partition, seq))],
                ReadAhead.PageBytes,
                cancellation
            );
            var messages = Parse(fetches, bodies);
            found = await gate.PassAsync(before, cancellation) ? messages : found;
        }
        finally
        {
            for (var i = 0; i < found.Length; i++)
            {
                core.Apply(
                    (Fetch: fetches[i], Found: found[i]),
                    static (core, done, now) => core.OnRetriesFetched(done.Fetch, done.Found.Messages, done.Found.IsDamaged, now)
                );
            }
        }
    }

    /// <summary>
    /// Also notes them: if Redis loses what an app was given, that is a loss for this process too, though another queued it.
    /// </summary>
    private (FetchedMessage[] Messages, bool IsDamaged)[] Parse(IReadOnlyList<RetryFetch> fetches, IReadOnlyList<RedisReply> bodies)
    {
        var (found, at) = (new (FetchedMessage[] Messages, bool IsDamaged)[fetches.Count], 0);
        for (var i = 0; i < found.Length; i++)
        {
            var (lane, count) = (fetches[i].Lane, fetches[i].Seqs.Length);
            RedisReply[][] pairs = [.. bodies.Skip(2 * at).Take(2 * count).Chunk(2)];
            at += count;
            if (pairs is [[var member, ..], ..] && member.ToString() is var text && text.StartsWith(Damaged, StringComparison.Ordinal))
            {
                SayDamaged(fetches[i], text);
                found[i] = ([], true);
                continue;
            }

            found[i] = ([.. pairs.Select(pair => Parse(lane, pair))], false);
            foreach (var (message, _) in found[i].Messages)
            {
                if (message is not null)
                {
                    primary.Applied.Note(lane.Partition, message.Position);
                }
            }
        }

        return found;
    }

    /// <summary>Once for each claim of the lane.</summary>
    private void SayDamaged(RetryFetch fetch, string why)
    {
        var partition = fetch.Lane.Partition;
        if (!_said.TryGetValue(partition, out var epoch) || epoch != fetch.Epoch)
        {
            _said[partition] = fetch.Epoch;
            log.RetryQueueIsDamaged(topic, partition, why[Damaged.Length..]);
        }
    }

    /// <summary>
    /// Entry and body of a message; one that is not there was consumed meanwhile, a damaged one is left for somebody to look at.
    /// </summary>
    private FetchedMessage Parse(Lane lane, RedisReply[] pair)
    {
        if (pair[0].IsNothing || !RetryQueueEntry.TryParse(pair[0].ToString(), out var entry))
        {
            return default;
        }

        try
        {
            return new(Message.Unpack(lane.Partition, entry.StreamId, pair[1].Bytes), entry.Failures);
        }
        catch (Exception damaged) when (damaged is FormatException or OverflowException)
        {
            log.EntryWasDamaged(topic, lane.Partition, entry.StreamId.ToString(), damaged.Message);
            return default;
        }
    }
}

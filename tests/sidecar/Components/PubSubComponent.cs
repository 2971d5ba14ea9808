using Darq.Protos;
using Darq.Sidecar.Resources;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;

namespace Darq.Sidecar.Components;

/// <summary>One initialised pub/sub component.</summary>
internal sealed class PubSubComponent(ComponentManifest manifest, ComponentChannel channel, string topicPrefix, string appId) : IDisposable
{
    public string Name => manifest.Name;

    public TopicScopes Scopes { get; } = new(manifest, appId);

    public IReadOnlyList<string> Features { get; private set; } = [];

    public bool ExpiresMessages => Features.Contains("MESSAGE_TTL");

    private bool PublishesInBulk => Features.Contains("BULK_PUBSUB");

    /// <summary>
    /// The name a component sees for a topic; a namespace-scoped pub/sub has the namespace in front, without a separator.
    /// </summary>
    public string Outer(string topic) => topicPrefix + topic;

    /// <summary>The name an app sees for a component's topic.</summary>
    public string Inner(string topic) =>
        topicPrefix.Length > 0 && topic.IndexOf(topicPrefix, StringComparison.Ordinal) is var at and >= 0
            ? topic.Remove(at, topicPrefix.Length)
            : topic;

    public async Task InitAsync(CancellationToken cancellation)
    {
        var properties = manifest.Properties();
        properties["consumerID"] = properties.GetValueOrDefault("consumerID", "").Trim() is { Length: > 0 } group ? group : appId;
        var request = new PubSubInitRequest { Metadata = new() };
        request.Metadata.Properties.Add(properties);
        await channel.CallAsync("PubSub/Init", request, PubSubInitResponse.Parser, cancellation);
        Features = (await channel.CallAsync("PubSub/Features", new FeaturesRequest(), FeaturesResponse.Parser, cancellation)).Features;
    }

    /// <summary>Publishes one message; throws <see cref="GrpcCallException"/> with the component's status.</summary>
    public Task PublishAsync(
        string topic,
        ReadOnlyMemory<byte> data,
        IEnumerable<KeyValuePair<string, string>> metadata,
        CancellationToken cancellation,
        string? deliveredBy = null
    )
    {
        var request = new PublishRequest
        {
            Data = UnsafeByteOperations.UnsafeWrap(data),
            PubsubName = Name,
            Topic = Outer(topic),
        };
        foreach (var (key, value) in metadata)
        {
            request.Metadata[key] = value;
        }

        return channel.CallAsync("PubSub/Publish", request, PublishResponse.Parser, cancellation, deliveredBy);
    }

    /// <summary>
    /// Publishes entries: with one call if the component offers that, else with up to a hundred single calls at once, in no order.
    /// </summary>
    public async Task<BulkPublishResult> BulkPublishAsync(
        string topic,
        IReadOnlyList<BulkMessageEntry> entries,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellation
    )
    {
        if (!PublishesInBulk)
        {
            return await PublishSinglyAsync(topic, entries, cancellation);
        }

        var request = new BulkPublishRequest { PubsubName = Name, Topic = Outer(topic) };
        request.Entries.Add(entries);
        foreach (var (key, value) in metadata)
        {
            request.Metadata[key] = value;
        }

        try
        {
            var answer = await channel.CallAsync("PubSub/BulkPublish", request, BulkPublishResponse.Parser, cancellation);
            return new(answer.FailedEntries, null);
        }
        catch (GrpcCallException fault)
        {
            return new([.. entries.Select(entry => Failed(entry, fault.Status))], fault.Status);
        }
    }

    public GrpcDuplexCall Pull(CancellationToken cancellation) => channel.Open("PubSub/PullMessages", cancellation);

    public void Dispose() => channel.Dispose();

    private async Task<BulkPublishResult> PublishSinglyAsync(
        string topic,
        IReadOnlyList<BulkMessageEntry> entries,
        CancellationToken cancellation
    )
    {
        var failed = new List<BulkPublishResponseFailedEntry>();
        GrpcStatus? first = null;
        await Parallel.ForEachAsync(
            entries,
            new ParallelOptions { MaxDegreeOfParallelism = 100, CancellationToken = cancellation },
            async (entry, token) =>
            {
                try
                {
                    await PublishAsync(topic, entry.Event.Memory, entry.Metadata, token);
                }
                catch (GrpcCallException fault)
                {
                    lock (failed)
                    {
                        first ??= fault.Status;
                        failed.Add(Failed(entry, fault.Status));
                    }
                }
            }
        );
        return new(failed, first);
    }

    private static BulkPublishResponseFailedEntry Failed(BulkMessageEntry entry, GrpcStatus status) =>
        new() { EntryId = entry.EntryId, Error = status.ToString() };
}

/// <summary>
/// What came of a bulk: the entries that were not published, and the fault that was the reason. A component may also report entries itself
/// without any fault, which is a success to daprd.
/// </summary>
internal sealed record BulkPublishResult(IReadOnlyList<BulkPublishResponseFailedEntry> Failed, GrpcStatus? Fault);

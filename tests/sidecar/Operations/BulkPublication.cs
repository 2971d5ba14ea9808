using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Google.Protobuf;

namespace Darq.Sidecar.Operations;

/// <summary>Several events on their way to one topic, checked one by one before any is published.</summary>
internal sealed class BulkPublication(
    PubSubComponent pubSub,
    string topic,
    IReadOnlyDictionary<string, string> metadata,
    CallTrace trace,
    string appId
)
{
    private readonly bool _raw = RawPayload.Read(pubSub.Name, metadata);
    private readonly List<BulkMessageEntry> _entries = [];
    private readonly HashSet<string> _ids = [];

    /// <summary>Adds an entry; only one with metadata of its own gets the request's as well.</summary>
    public void Add(string id, ReadOnlyMemory<byte> data, string contentType, IReadOnlyDictionary<string, string>? own)
    {
        if (id.Length == 0 || !_ids.Add(id))
        {
            throw new ApiException(PubSubErrors.EntryIdInvalid(pubSub.Name, topic, appId));
        }

        var entry = new BulkMessageEntry
        {
            EntryId = id,
            Event = UnsafeByteOperations.UnsafeWrap(data),
            ContentType = contentType,
        };
        if (own is not null)
        {
            entry.Metadata.Set(metadata.With(own));
        }

        _entries.Add(entry);
    }

    public async Task<BulkPublishResult> PublishAsync(CancellationToken cancellation)
    {
        if (!_raw)
        {
            _entries.ForEach(Wrap);
        }

        return pubSub.Scopes.MayPublish(topic)
            ? await pubSub.BulkPublishAsync(topic, _entries, metadata, cancellation)
            : throw new ApiException(PubSubErrors.Forbidden(pubSub.Name, topic, appId));
    }

    private void Wrap(BulkMessageEntry entry)
    {
        var published = new PublishedEvent(
            pubSub.Name,
            topic,
            entry.Event.Memory,
            entry.ContentType,
            entry.Metadata.Count > 0 ? new Dictionary<string, string>(entry.Metadata) : metadata
        )
        {
            TraceParent = trace.Parent,
            TraceState = trace.State,
        };
        try
        {
            entry.Event = UnsafeByteOperations.UnsafeWrap(CloudEvents.Wrap(published, appId, pubSub.ExpiresMessages));
        }
        catch (GoJsonException fault)
        {
            throw new ApiException(PubSubErrors.NoCloudEvent(pubSub.Name, appId, fault.Message));
        }
    }
}

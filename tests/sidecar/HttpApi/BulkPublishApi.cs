using System.Text;
using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Google.Protobuf;

namespace Darq.Sidecar.HttpApi;

/// <summary>POST and PUT /v1.0/publish/bulk/{pubsub}/{topic…}: several events, checked one by one before any is published.</summary>
internal sealed class BulkPublishApi(ComponentRegistry components, string appId)
{
    public async Task PublishAsync(ApiCall call, string name, string topic)
    {
        if (!components.PubSubs.TryGetValue(name, out var pubSub))
        {
            await call.ErrorAsync(PubSubErrors.NotFound(name));
            return;
        }
        var metadata = call.Metadata();
        var raw = RawPayload.Read(name, metadata);
        if (await call.ReadBodyAsync() is not { } body)
        {
            await call.ErrorAsync(PubSubErrors.EntriesUnreadable(name, topic, appId, "stream too large"));
            return;
        }
        if (!pubSub.Scopes.MayPublish(topic))
        {
            await call.ErrorAsync(PubSubErrors.Forbidden(name, topic, appId));
            return;
        }
        var (entries, error) = Read(pubSub, topic, body, metadata);
        if (error is null && !raw)
        {
            error = Wrap(entries, call, pubSub, topic, metadata);
        }

        await (error is null ? PublishAsync(call, pubSub, topic, entries, metadata) : call.ErrorAsync(error));
    }

    private static async Task PublishAsync(
        ApiCall call,
        PubSubComponent pubSub,
        string topic,
        List<BulkMessageEntry> entries,
        Dictionary<string, string> metadata
    )
    {
        var failed = await pubSub.BulkPublishAsync(topic, entries, metadata, call.Aborted);
        if (failed.Count == 0)
        {
            await call.NoContentAsync();
            return;
        }
        var rows = failed.Select(entry =>
            $"{{\"entryId\":{GoJson.Quote(entry.EntryId)},\"error\":{GoJson.Quote(entry.Status.ToString())}}}"
        );
        var body = $"{{\"failedEntries\":[{string.Join(",", rows)}],\"errorCode\":\"ERR_PUBSUB_PUBLISH_MESSAGE\"}}";
        call.SetHeader(
            "metadata.error",
            $"api error: code = Internal desc = {PubSubErrors.FailureText(pubSub.Name, topic, failed[0].Status)}"
        );
        call.SetHeader("metadata.responseData", body);
        await call.JsonAsync(500, Encoding.UTF8.GetBytes(body));
    }

    private (List<BulkMessageEntry> Entries, ApiError? Error) Read(
        PubSubComponent pubSub,
        string topic,
        ReadOnlyMemory<byte> body,
        Dictionary<string, string> metadata
    )
    {
        var entries = new List<BulkMessageEntry>();
        var ids = new HashSet<string>();
        try
        {
            using var document = GoJson.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new GoJsonException(GoTypes.CannotUnmarshal(document.RootElement, "[]http.bulkPublishMessageEntry"));
            }

            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (ReadOne(item, metadata) is not { } entry)
                {
                    return (entries, PubSubErrors.EntryMismatch(pubSub.Name, topic, appId));
                }

                if (entry.EntryId.Length == 0 || !ids.Add(entry.EntryId))
                {
                    return (entries, PubSubErrors.EntryIdInvalid(pubSub.Name, topic, appId));
                }

                entries.Add(entry);
            }
            return (entries, null);
        }
        catch (GoJsonException fault)
        {
            return (entries, PubSubErrors.EntriesUnreadable(pubSub.Name, topic, appId, fault.Message));
        }
    }

    // Null if the event's JSON does not suit its content type.
    private static BulkMessageEntry? ReadOne(JsonElement item, Dictionary<string, string> metadata)
    {
        var entry = new BulkMessageEntry { EntryId = item.Text("entryId"), ContentType = item.Text("contentType") };
        if (!item.TryGetProperty("event", out var data) || Bytes(data, entry.ContentType) is not { } bytes)
        {
            return null;
        }

        entry.Event = UnsafeByteOperations.UnsafeWrap(bytes);
        if (!item.TryGetProperty("metadata", out var own) || own.ValueKind != JsonValueKind.Object)
        {
            return entry;
        }
        // Only an entry with metadata of its own gets the request's as well.
        foreach (var (key, value) in metadata)
        {
            entry.Metadata[key] = value;
        }

        foreach (var (key, value) in item.Map("metadata"))
        {
            entry.Metadata[key] = value;
        }

        return entry;
    }

    private static byte[]? Bytes(JsonElement data, string contentType)
    {
        if (ContentTypes.IsJson(contentType))
        {
            return GoJson.Write(data, GoNumbers.Floats);
        }

        if (data.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        if (ContentTypes.IsText(contentType))
        {
            return Encoding.UTF8.GetBytes(data.GetString()!);
        }

        return ContentTypes.IsBinary(contentType) && data.TryGetBytesFromBase64(out var bytes) ? bytes : null;
    }

    private ApiError? Wrap(
        List<BulkMessageEntry> entries,
        ApiCall call,
        PubSubComponent pubSub,
        string topic,
        Dictionary<string, string> metadata
    )
    {
        foreach (var entry in entries)
        {
            IReadOnlyDictionary<string, string> own = entry.Metadata.Count > 0 ? new Dictionary<string, string>(entry.Metadata) : metadata;
            var published = new PublishedEvent(pubSub.Name, topic, entry.Event.Memory, entry.ContentType, own)
            {
                TraceParent = call.CallersSpan,
                TraceState = call.TraceState,
            };
            try
            {
                entry.Event = UnsafeByteOperations.UnsafeWrap(CloudEvents.Wrap(published, appId, pubSub.ExpiresMessages));
            }
            catch (GoJsonException fault)
            {
                return PubSubErrors.NoCloudEvent(pubSub.Name, appId, fault.Message);
            }
        }
        return null;
    }
}

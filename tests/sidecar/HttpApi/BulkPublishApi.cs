using System.Text;
using System.Text.Json;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;

namespace Darq.Sidecar.HttpApi;

/// <summary>POST and PUT /v1.0/publish/bulk/{pubsub}/{topic…}. Entries that the component itself reports as failed are not told.</summary>
internal sealed class BulkPublishApi(EventPublisher publisher, string appId)
{
    public async Task PublishAsync(ApiCall call, string name, string topic)
    {
        var publication = publisher.Begin(name, topic, call.Metadata(), call.Trace);
        try
        {
            var body = await call.ReadBodyAsync() ?? throw new GoJsonException("stream too large");
            using var document = GoJson.Parse(body);
            Read(document.RootElement, publication, name, topic);
        }
        catch (GoJsonException fault)
        {
            throw new ApiException(PubSubErrors.EntriesUnreadable(name, topic, appId, fault.Message));
        }

        var result = await publication.PublishAsync(call.Aborted);
        await (
            result.Fault is null
                ? call.NoContentAsync()
                : FailedAsync(call, result, PubSubErrors.FailureText(name, topic, result.Fault.ToString()))
        );
    }

    private void Read(JsonElement root, BulkPublication publication, string name, string topic)
    {
        if (root.ValueKind != JsonValueKind.Array)
        {
            throw new GoJsonException(GoTypes.CannotUnmarshal(root, "[]http.bulkPublishMessageEntry"));
        }

        foreach (var item in root.EnumerateArray())
        {
            var contentType = item.Text("contentType");
            if (
                item.ValueKind != JsonValueKind.Object
                || !item.TryGetProperty("event", out var data)
                || Bytes(data, contentType) is not { } bytes
            )
            {
                throw new ApiException(PubSubErrors.EntryMismatch(name, topic, appId));
            }

            var own = item.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object;
            publication.Add(item.Text("entryId"), bytes, contentType, own ? item.Map("metadata") : null);
        }
    }

    // Null if the event's JSON does not suit its content type.
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

    private static Task FailedAsync(ApiCall call, BulkPublishResult result, string reason)
    {
        var rows = result.Failed.Select(entry => $"{{\"entryId\":{GoJson.Quote(entry.EntryId)},\"error\":{GoJson.Quote(entry.Error)}}}");
        var body = $"{{\"failedEntries\":[{string.Join(",", rows)}],\"errorCode\":\"ERR_PUBSUB_PUBLISH_MESSAGE\"}}";
        call.SetHeader("metadata.error", $"api error: code = Internal desc = {reason}");
        call.SetHeader("metadata.responseData", body);
        return call.JsonAsync(500, Encoding.UTF8.GetBytes(body));
    }
}

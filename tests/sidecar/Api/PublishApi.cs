using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Api;

/// <summary>POST and PUT /v1.0/publish/{pubsub}/{topic…}: one event, wrapped unless the caller asks for the raw payload.</summary>
internal sealed class PublishApi(ComponentRegistry components, string appId)
{
    public async Task PublishAsync(ApiCall call, string name, string topic)
    {
        var metadata = call.Metadata();
        if (!components.PubSubs.TryGetValue(name, out var pubSub))
        {
            await call.ErrorAsync(PubSubErrors.NotFound(name));
            return;
        }
        if (await call.ReadBodyAsync() is not { } body)
        {
            await call.ErrorAsync(PubSubErrors.Failed(name, topic, "stream too large"));
            return;
        }
        if (!RawPayload.TryRead(metadata, out var raw, out var value))
        {
            await call.ErrorAsync(PubSubErrors.NotABoolean(name, value));
            return;
        }
        if (!pubSub.Scopes.MayPublish(topic))
        {
            await call.ErrorAsync(PubSubErrors.Forbidden(name, topic, appId));
            return;
        }
        await PublishAsync(call, pubSub, topic, body, metadata, raw);
    }

    private async Task PublishAsync(
        ApiCall call,
        PubSubComponent pubSub,
        string topic,
        ReadOnlyMemory<byte> body,
        Dictionary<string, string> metadata,
        bool raw
    )
    {
        try
        {
            var published = new PublishedEvent(pubSub.Name, topic, body, call.ContentType, metadata)
            {
                TraceParent = call.CallersSpan,
                TraceState = call.TraceState,
            };
            var data = raw ? body : CloudEvents.Wrap(published, appId, pubSub.ExpiresMessages);
            await pubSub.PublishAsync(topic, data, metadata, call.Aborted);
            await call.NoContentAsync();
        }
        catch (GoJsonException fault)
        {
            await call.ErrorAsync(PubSubErrors.NoCloudEvent(pubSub.Name, appId, fault.Message));
        }
        catch (GrpcCallException fault)
        {
            await call.ErrorAsync(PubSubErrors.Failed(pubSub.Name, topic, fault.Message));
        }
    }
}

/// <summary>The metadata key by which a publisher asks that its bytes are not wrapped.</summary>
internal static class RawPayload
{
    /// <summary>False if the value is there and is none of the booleans that Go reads.</summary>
    public static bool TryRead(IReadOnlyDictionary<string, string> metadata, out bool raw, out string value)
    {
        value = metadata.FirstOrDefault(pair => pair.Key.Equals("rawPayload", StringComparison.OrdinalIgnoreCase)).Value ?? "";
        raw = value is "1" or "t" or "T" or "true" or "TRUE" or "True";
        return raw || value is "" or "0" or "f" or "F" or "false" or "FALSE" or "False";
    }
}

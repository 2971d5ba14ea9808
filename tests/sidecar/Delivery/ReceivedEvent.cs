using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Delivery;

/// <summary>A message as the sidecar understands it: the event for rules and expiry, the bytes and metadata for the app.</summary>
internal sealed class ReceivedEvent : IDisposable
{
    private readonly JsonDocument _document;

    private ReceivedEvent(JsonDocument document, ReadOnlyMemory<byte> body, Dictionary<string, string> metadata)
    {
        (_document, Body, Metadata) = (document, body, metadata);
        TraceParent = Trace("traceparent");
        TraceState = Trace("tracestate");
    }

    public JsonElement Root => _document.RootElement;

    public ReadOnlyMemory<byte> Body { get; }

    public Dictionary<string, string> Metadata { get; }

    public string? TraceParent { get; }

    public string? TraceState { get; }

    public string Id => GoTypes.Print(Root, "id");

    public string Topic => GoTypes.Print(Root, "topic");

    public bool HasExpired =>
        Root.ValueKind == JsonValueKind.Object
        && Root.TryGetProperty("expiration", out var expiration)
        && expiration.ValueKind == JsonValueKind.String
        && DateTimeOffset.TryParse(expiration.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var time)
        && time < DateTimeOffset.UtcNow;

    /// <summary>The metadata that goes with a message, to the app and to the dead letter topic alike.</summary>
    public static Dictionary<string, string> MetadataOf(PullMessagesResponse message, string pubSub)
    {
        var metadata = new Dictionary<string, string>(message.Metadata.Count + 2);
        foreach (var (key, value) in message.Metadata)
        {
            metadata[key] = value;
        }

        metadata["content-type"] = message.ContentType;
        metadata["pubsubName"] = pubSub;
        return metadata;
    }

    /// <summary>Throws <see cref="GoJsonException"/> if the subscription expects a CloudEvent and the message is none.</summary>
    public static ReceivedEvent Read(
        PullMessagesResponse message,
        PubSubComponent pubSub,
        SubscriptionManifest subscription,
        Dictionary<string, string> metadata
    )
    {
        var data = message.Data.Memory;
        if (subscription.RawPayload)
        {
            var wrapped = CloudEvents.WrapRaw(pubSub.Name, pubSub.Inner(message.TopicName), data, metadata);
            return new(GoJson.Parse(wrapped), wrapped, metadata);
        }
        if (ContentTypes.IsBinary(message.ContentType))
        {
            return new(GoJson.Parse(CloudEvents.FromHeaders(metadata)), data, metadata);
        }

        var document = GoJson.Parse(data);
        if (document.RootElement.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            throw new GoJsonException(GoTypes.CannotUnmarshal(document.RootElement, "map[string]interface {}"));
        }

        return new(document, data, metadata);
    }

    public void Dispose() => _document.Dispose();

    private string? Trace(string name)
    {
        if (
            Root.ValueKind == JsonValueKind.Object
            && Root.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text
        )
        {
            return text;
        }

        return Metadata.GetValueOrDefault(name);
    }
}

using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Apps;

/// <summary>
/// A message as the sidecar understands it: the event for rules, expiry and gRPC, the bytes for HTTP, the metadata for both.
/// </summary>
internal sealed class ReceivedEvent : IDisposable
{
    private readonly JsonDocument _document;

    private ReceivedEvent(JsonDocument document, ReadOnlyMemory<byte> body, Dictionary<string, string> metadata)
    {
        (_document, Body, Metadata) = (document, body, metadata);
        TraceParent = Trace("traceparent");
        TraceState = Trace("tracestate");
    }

    /// <summary>The topic that the component named, in the app's terms.</summary>
    public required string Topic { get; init; }

    public required string PubSub { get; init; }

    public JsonElement Root => _document.RootElement;

    public ReadOnlyMemory<byte> Body { get; }

    public Dictionary<string, string> Metadata { get; }

    public string? TraceParent { get; }

    public string? TraceState { get; }

    /// <summary>The event's id and topic as error texts have them.</summary>
    public string Id => GoTypes.Print(Root, "id");

    public string TopicOfEvent => GoTypes.Print(Root, "topic");

    public static bool HasExpired(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty("expiration", out var expiration)
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
        var topic = pubSub.Inner(message.TopicName);
        ReceivedEvent Of(JsonDocument document, ReadOnlyMemory<byte> body) =>
            new(document, body, metadata) { Topic = topic, PubSub = pubSub.Name };
        if (subscription.RawPayload)
        {
            var wrapped = CloudEvents.WrapRaw(pubSub.Name, topic, data, metadata);
            return Of(GoJson.Parse(wrapped), wrapped);
        }

        return ContentTypes.IsBinary(message.ContentType)
            ? Of(GoJson.Parse(CloudEvents.FromHeaders(metadata, message.ContentType)), data)
            : Of(Parse(data), data);
    }

    /// <summary>Throws <see cref="GoJsonException"/> if this is no JSON object.</summary>
    public static JsonDocument Parse(ReadOnlyMemory<byte> data)
    {
        var document = GoJson.Parse(data);
        return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Null
            ? document
            : throw new GoJsonException(GoTypes.CannotUnmarshal(document.RootElement, "map[string]interface {}"));
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

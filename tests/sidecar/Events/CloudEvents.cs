using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Darq.Sidecar.Events;

/// <summary>What an app published, before it becomes a CloudEvent.</summary>
internal sealed record PublishedEvent(
    string PubSub,
    string Topic,
    ReadOnlyMemory<byte> Data,
    string ContentType,
    IReadOnlyDictionary<string, string> Metadata
)
{
    /// <summary>The caller's trace; empty when the caller sent none, because tracing is off here.</summary>
    public string TraceParent { get; init; } = "";

    public string TraceState { get; init; } = "";
}

/// <summary>
/// Wraps what apps publish into CloudEvents, and what reaches a <c>rawPayload</c> or binary subscription, exactly as daprd does.
/// </summary>
internal static class CloudEvents
{
    private const string Version = "1.0";
    private const string DefaultType = "com.dapr.event.sent";
    private const string DefaultSource = "Dapr";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>The CloudEvent of a publish. Throws <see cref="GoJsonException"/> if a ready-made CloudEvent is no JSON object.</summary>
    public static byte[] Wrap(PublishedEvent published, string appId, bool componentExpires)
    {
        // The documents' values are written out below, so they must live until then.
        using var document = Parsed(published);
        var fields = new EventFields();
        if (ContentTypes.IsCloudEvent(published.ContentType))
        {
            TakeOver(fields, published, document!.RootElement);
        }
        else
        {
            Build(fields, published, document, appId);
        }

        Override(fields, published, componentExpires);
        return fields.ToJson();
    }

    /// <summary>The same with attributes that replace those of the event, whatever they are.</summary>
    public static byte[] Wrap(PublishedEvent published, string appId, IEnumerable<KeyValuePair<string, string>> attributes)
    {
        using var document = Parsed(published);
        var fields = new EventFields();
        Build(fields, published, document, appId);
        foreach (var (name, value) in attributes)
        {
            fields.Set(name, value);
        }

        return fields.ToJson();
    }

    /// <summary>The event that stands for bytes that are none: what a <c>rawPayload</c> subscription gets.</summary>
    public static byte[] WrapRaw(string pubSub, string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata)
    {
        var fields = new EventFields();
        fields.Set("id", Guid.NewGuid().ToString());
        fields.Set("specversion", Version);
        fields.Set("datacontenttype", ContentTypes.Binary);
        fields.Set("source", DefaultSource);
        fields.Set("type", DefaultType);
        fields.Set("topic", topic);
        fields.Set("pubsubname", pubSub);
        fields.Set("data_base64", Convert.ToBase64String(data.Span));
        foreach (var name in (ReadOnlySpan<string>)["traceid", "traceparent", "tracestate"])
        {
            if (metadata.TryGetValue(name, out var value))
            {
                fields.Set(name, value);
            }
        }

        return fields.ToJson();
    }

    /// <summary>The attributes that binary mode carries as metadata <c>ce_…</c>, as a JSON object.</summary>
    public static byte[] FromHeaders(IEnumerable<KeyValuePair<string, string>> metadata, string contentType)
    {
        var fields = new EventFields();
        foreach (var (key, value) in metadata)
        {
            if (key.StartsWith("ce_", StringComparison.OrdinalIgnoreCase))
            {
                fields.Set(key[3..].ToLowerInvariant(), value);
            }
        }

        fields.SetMissing("datacontenttype", contentType);
        return fields.ToJson();
    }

    private static JsonDocument? Parsed(PublishedEvent published)
    {
        var whole = ContentTypes.IsCloudEvent(published.ContentType);
        if (!whole && !ContentTypes.IsJson(published.ContentType))
        {
            return null;
        }

        try
        {
            var document = GoJson.Parse(published.Data);
            return !whole || document.RootElement.ValueKind == JsonValueKind.Object
                ? document
                : throw new GoJsonException(GoTypes.CannotUnmarshal(document.RootElement, "map[string]interface {}"));
        }
        catch (GoJsonException) when (!whole)
        {
            return null;
        }
    }

    private static void TakeOver(EventFields fields, PublishedEvent published, JsonElement root)
    {
        foreach (var member in root.EnumerateObject())
        {
            fields.Set(member.Name, member.Value);
        }

        fields.Set("topic", published.Topic);
        fields.Set("pubsubname", published.PubSub);
        fields.SetMissing("time", Time(DateTime.UtcNow));
        fields.SetMissing("traceid", published.TraceParent);
        fields.SetMissing("traceparent", published.TraceParent);
        fields.SetMissing("tracestate", published.TraceState);
        fields.SetMissing("source", DefaultSource);
        fields.SetMissing("type", DefaultType);
        fields.SetMissing("specversion", Version);
    }

    private static void Build(EventFields fields, PublishedEvent published, JsonDocument? document, string appId)
    {
        fields.Set("id", Guid.NewGuid().ToString());
        fields.Set("specversion", Version);
        fields.Set("datacontenttype", published.ContentType.Length > 0 ? published.ContentType : "text/plain");
        fields.Set("source", appId.Length > 0 ? appId : DefaultSource);
        fields.Set("type", DefaultType);
        fields.Set("topic", published.Topic);
        fields.Set("pubsubname", published.PubSub);
        fields.Set("traceid", published.TraceParent);
        fields.Set("traceparent", published.TraceParent);
        fields.Set("tracestate", published.TraceState);
        fields.Set("time", Time(DateTime.UtcNow));
        if (document is not null)
        {
            fields.Set("data", document.RootElement);
        }
        else if (ContentTypes.IsBinary(published.ContentType))
        {
            fields.Set("data_base64", Convert.ToBase64String(published.Data.Span));
        }
        else
        {
            fields.Set("data", Encoding.UTF8.GetString(published.Data.Span));
        }
    }

    private static void Override(EventFields fields, PublishedEvent published, bool componentExpires)
    {
        string? Find(string key) =>
            published.Metadata.FirstOrDefault(pair => pair.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value;
        if (published.Metadata.Count == 0)
        {
            return;
        }

        foreach (var name in (ReadOnlySpan<string>)["id", "source", "type", "subject", "traceid", "tracestate"])
        {
            if (Find("cloudevent." + name) is { Length: > 0 } value)
            {
                fields.Set(name, value);
            }
        }

        if (Find("cloudevent.traceparent") is { Length: > 0 } parent)
        {
            fields.Set("traceid", parent);
            fields.Set("traceparent", parent);
        }
        if (!componentExpires && (Find("ttl") ?? Find("ttlInSeconds")) is { } ttl && GoDuration.TryParseTimeToLive(ttl, out var duration))
        {
            fields.Set("expiration", Time(DateTime.UtcNow + duration));
        }
    }

    private static string Time(DateTime time) => time.ToString(TimeFormat, CultureInfo.InvariantCulture);
}

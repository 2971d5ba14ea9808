using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Darq.Testing.Messages;

/// <summary>Makes events of what apps publish, as a sidecar does. Their ids come from the seed and their times are virtual.</summary>
internal sealed class CloudEvents(Random random, TimeProvider time)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private static readonly string[] Replaceable = ["id", "source", "type", "subject", "traceid", "traceparent", "tracestate"];
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The event that carries data. Throws <see cref="JsonException"/> where the data should be an event and is none.</summary>
    public byte[] Wrap(
        string source,
        string pubSub,
        string topic,
        ReadOnlyMemory<byte> data,
        string contentType,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        var isEvent = contentType.StartsWith("application/cloudevents+json", StringComparison.OrdinalIgnoreCase);
        var fields = isEvent ? Taken(data) : Made(source, data, contentType);
        (fields["topic"], fields["pubsubname"]) = (topic, pubSub);
        Default(fields, "id", NewId());
        Default(fields, "specversion", "1.0");
        Default(fields, "source", "Dapr");
        Default(fields, "type", "com.dapr.event.sent");
        Default(fields, "time", time.GetUtcNow().ToString(TimeFormat, CultureInfo.InvariantCulture));
        foreach (var (name, value) in metadata)
        {
            if (
                name.StartsWith("cloudevent.", StringComparison.OrdinalIgnoreCase)
                && Array.Find(Replaceable, known => name.AsSpan(11).Equals(known, StringComparison.OrdinalIgnoreCase)) is { } field
            )
            {
                fields[field] = value;
            }
        }

        return Encoding.UTF8.GetBytes(fields.ToJsonString(Plain));
    }

    /// <summary>The event that stands for bytes that are none: what a subscription with rawPayload gets.</summary>
    public byte[] WrapRaw(string pubSub, string topic, ReadOnlyMemory<byte> data) =>
        Wrap("Dapr", pubSub, topic, data, "application/octet-stream", new Dictionary<string, string>());

    private static JsonObject Taken(ReadOnlyMemory<byte> data) =>
        JsonNode.Parse(data.Span) as JsonObject ?? throw new JsonException("a CloudEvent is a JSON object");

    private static JsonObject Made(string source, ReadOnlyMemory<byte> data, string contentType)
    {
        var fields = new JsonObject { ["datacontenttype"] = contentType.Length > 0 ? contentType : "text/plain", ["source"] = source };
        if (IsJson(contentType) && TryParse(data, out var json))
        {
            fields["data"] = json;
        }
        else if (contentType.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase))
        {
            fields["data_base64"] = Convert.ToBase64String(data.Span);
        }
        else
        {
            fields["data"] = Encoding.UTF8.GetString(data.Span);
        }

        return fields;
    }

    private static void Default(JsonObject fields, string name, string value)
    {
        if (!fields.ContainsKey(name))
        {
            fields[name] = value;
        }
    }

    private static bool IsJson(string contentType)
    {
        var type = contentType.Split(';')[0].Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryParse(ReadOnlyMemory<byte> data, out JsonNode? json)
    {
        try
        {
            json = JsonNode.Parse(data.Span);
            return true;
        }
        catch (JsonException)
        {
            json = null;
            return false;
        }
    }

    private string NewId()
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }
}

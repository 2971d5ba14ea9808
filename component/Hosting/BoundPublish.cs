using System.Buffers;
using System.Text;
using System.Text.Json;
using Darq.Contract;
using Darq.Partitions;
using Darq.Publishing;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Darq.Hosting;

/// <summary>
/// Publishes what an app hands to an output binding. Nobody has made an event of it yet, so it goes the way of a step that
/// emits one message; with rawPayload its bytes are published as they are.
/// </summary>
internal sealed class BoundPublish(InstanceEngine engine, InstanceOptions options)
{
    private const string RawPayload = "rawPayload";

    public async ValueTask<Published> PublishAsync(InvokeRequest request, CancellationToken cancellation)
    {
        var metadata = Pick(request.Metadata);
        var topic = request.Metadata.TryGetValue("topic", out var given) && given.Length > 0
            ? given
            : options.DefaultTopic ?? throw new DarqException(Refusal.Invalid, "INVALID: no topic is given; put topic into the request's metadata or into the component's.");
        if (request.Metadata.TryGetValue(RawPayload, out var raw) && raw.Equals("true", StringComparison.OrdinalIgnoreCase))
            return (await engine.Publisher.PublishAsync(topic, [new PublishEntry(request.Data.Memory, metadata)], cancellation))[0];
        var step = new Dictionary<string, string> { [WireNames.Emit] = Emit(topic, request.Data, metadata) };
        return (await engine.Stepper.TransactAsync([], step, cancellation)).Emitted[0];
    }

    /// <summary>
    /// Only what publishing understands: over gRPC the sidecar adds every header of its caller to the metadata, credentials
    /// among them, and those must not be stored with a message.
    /// </summary>
    private static Dictionary<string, string> Pick(MapField<string, string> metadata)
    {
        string[] names = [WireNames.Id, WireNames.PartitionKey, WireNames.TtlInSeconds, WireNames.Ttl, WireNames.Ack, .. WireNames.NotYet];
        return names.Where(metadata.ContainsKey).ToDictionary(name => name, name => metadata[name]);
    }

    private static string Emit(string topic, ByteString data, Dictionary<string, string> metadata)
    {
        if (WireNames.NotYet.FirstOrDefault(metadata.ContainsKey) is { } later)
            throw new DarqException(Refusal.NotYet, $"NOT_YET: metadata {later} is not available yet; publish without it.");
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStartObject();
            json.WriteString("topic", topic);
            json.WritePropertyName("data");
            WriteData(json, data);
            if (metadata.TryGetValue(WireNames.PartitionKey, out var key))
                json.WriteString("key", key);
            if (metadata.TryGetValue(WireNames.Id, out var id))
                json.WriteString("id", id);
            if (TimeToLive.Of(metadata) is { } timeToLive)
                json.WriteNumber("ttlInSeconds", (long)timeToLive.TotalSeconds);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteData(Utf8JsonWriter json, ByteString data)
    {
        try
        {
            using var document = JsonDocument.Parse(data.Memory);
            document.RootElement.WriteTo(json);
        }
        catch (JsonException)
        {
            json.WriteStringValue(Text(data));
        }
    }

    private static string Text(ByteString data)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(data.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new DarqException(Refusal.Invalid, "INVALID: data is neither JSON nor text; give the request's metadata rawPayload: \"true\" to publish the bytes as they are.");
        }
    }
}

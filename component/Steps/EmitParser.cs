using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Darq.Partitions;
using Darq.Publishing;

namespace Darq.Steps;

/// <summary>
/// Reads the emitted messages of a step from their JSON and wraps each as the event the sidecar would have made of it,
/// because nobody else wraps what does not go through the publish API. Unknown fields are errors.
/// </summary>
internal sealed class EmitParser(NamespaceOptions options, string source, string causeId, int home, TimeProvider time)
{
    public const string Form = "a JSON list such as [{\"topic\":\"receipts\",\"data\":{\"n\":1},\"key\":\"k\",\"id\":\"i\",\"ttlInSeconds\":60,\"rawPayload\":false}]";

    public IReadOnlyList<Append> Parse(string json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException fault)
        {
            throw Limits.Invalid(WireNames.Emit, $"no JSON ({fault.Message})", Form);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Array) throw Limits.Invalid(WireNames.Emit, document.RootElement.ValueKind.ToString(), Form);
            if (document.RootElement.GetArrayLength() > Limits.MaxEmits)
                throw new DarqException(Refusal.TooLarge, $"TOO_LARGE: {WireNames.Emit} has {document.RootElement.GetArrayLength():N0} messages; accepted: at most {Limits.MaxEmits:N0}.");
            try
            {
                return [.. document.RootElement.EnumerateArray().Select(ParseOne)];
            }
            catch (InvalidOperationException)
            {
                // What System.Text.Json throws for half a surrogate pair, anywhere in the list.
                throw Limits.Invalid(WireNames.Emit, "a list with a string that is no well-formed Unicode text", Form);
            }
        }
    }

    private Append ParseOne(JsonElement emit, int index)
    {
        var field = $"{WireNames.Emit}[{index}]";
        if (emit.ValueKind != JsonValueKind.Object) throw Limits.Invalid(field, emit.ValueKind.ToString(), Form);
        string? topic = null;
        JsonElement? data = null;
        var raw = false;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in emit.EnumerateObject())
        {
            var name = $"{field}.{property.Name}";
            switch (property.Name)
            {
                case "topic": topic = Text(name, property.Value); break;
                case "data": data = property.Value; break;
                case "key": metadata[WireNames.PartitionKey] = Text(name, property.Value); break;
                case "id": metadata[WireNames.Id] = Text(name, property.Value); break;
                case "ttlInSeconds": metadata[WireNames.TtlInSeconds] = property.Value.GetRawText(); break;
                case "rawPayload": raw = property.Value.ValueKind switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    _ => throw Limits.Invalid(name, property.Value.GetRawText(), "true or false"),
                };
                    break;
                case "delay" or "deliverAt": throw new DarqException(Refusal.NotYet, $"NOT_YET: {name} is not available yet; emit without it.");
                default: throw Limits.Invalid(name, "an unknown field", "topic, data, key, id, ttlInSeconds, rawPayload");
            }
        }
        if (topic is null || data is null) throw Limits.Invalid(field, emit.GetRawText(), "an object with at least topic and data");
        var id = metadata.GetValueOrDefault(WireNames.Id) ?? $"{causeId}-{index}";
        var bytes = raw ? RawPayload(data.Value) : Event(topic, id, data.Value);
        // Without key and id it stays in the step's own partition: as good a spread as any, and one partition fewer.
        var append = Append.From(topic, new(bytes, metadata), options, home);
        var decided = metadata.ContainsKey(WireNames.PartitionKey) || append.Explicit;
        return decided ? append : append with { Partition = home, Id = "" };
    }

    private ReadOnlyMemory<byte> Event(string topic, string id, JsonElement data)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WritePropertyName("data");
            data.WriteTo(json);
            json.WriteString("datacontenttype", "application/json");
            json.WriteString("id", id);
            json.WriteString("source", source);
            json.WriteString("specversion", "1.0");
            json.WriteString("time", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteString("topic", topic);
            json.WriteString("type", "com.dapr.event.sent");
            json.WriteEndObject();
        }
        return buffer.WrittenMemory.ToArray();
    }

    private static ReadOnlyMemory<byte> RawPayload(JsonElement data) =>
        Encoding.UTF8.GetBytes(data.ValueKind == JsonValueKind.String ? data.GetString()! : data.GetRawText());

    private static string Text(string field, JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Limits.Invalid(field, value.GetRawText(), "a string");
}

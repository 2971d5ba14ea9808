using System.Buffers;
using System.Text.Json;

namespace Darq.Steps;

/// <summary>The parts of a step in the JSON that the component reads.</summary>
internal static class StepJson
{
    /// <summary>A whole step, as the operation <c>step</c> of a binding takes it.</summary>
    public static byte[] Write(StepSource source, StepChanges changes, AckLevel? ack) =>
        Bytes(json =>
        {
            json.WriteStartObject();
            if (source.Token is { } token)
            {
                json.WriteStartArray("consume"u8);
                json.WriteStringValue(token);
                json.WriteEndArray();
            }
            else
            {
                json.WriteString("id"u8, source.Id);
            }

            json.WritePropertyName("reads"u8);
            WriteReads(json, changes.Reads);
            json.WritePropertyName("state"u8);
            WriteState(json, changes.Writes);
            json.WritePropertyName("emit"u8);
            WriteEmits(json, changes.Emits);
            if (ack is { } level)
            {
                json.WriteString("ack"u8, level.Word());
            }

            json.WriteEndObject();
        });

    public static void WriteReads(Utf8JsonWriter json, IReadOnlyList<StateRead> reads)
    {
        json.WriteStartArray();
        foreach (var read in reads)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, read.Key);
            json.WriteString("etag"u8, read.ETag);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteEmits(Utf8JsonWriter json, IReadOnlyList<EmittedMessage> messages)
    {
        json.WriteStartArray();
        foreach (var message in messages)
        {
            json.WriteStartObject();
            json.WriteString("topic"u8, message.Topic);
            json.WritePropertyName("data"u8);
            json.WriteRawValue(message.Data, skipInputValidation: true);
            WriteText(json, "key"u8, message.Key);
            WriteText(json, "id"u8, message.Id);
            WriteNumber(json, "ttlInSeconds"u8, message.TimeToLive);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteState(Utf8JsonWriter json, IReadOnlyList<StateWrite> writes)
    {
        json.WriteStartArray();
        foreach (var write in writes)
        {
            json.WriteStartObject();
            json.WriteString("op"u8, write.Value is null ? "delete"u8 : "upsert"u8);
            json.WriteString("key"u8, write.Key);
            if (write.Value is { } value)
            {
                json.WritePropertyName("value"u8);
                json.WriteRawValue(value, skipInputValidation: true);
            }

            WriteText(json, "etag"u8, write.ETag);
            WriteNumber(json, "ttlInSeconds"u8, write.TimeToLive);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}

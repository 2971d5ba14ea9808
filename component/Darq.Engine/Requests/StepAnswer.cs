using System.Buffers;
using System.Text.Json;
using Darq.Engine.Publishing;
using Darq.Engine.Steps;

namespace Darq.Engine.Requests;

/// <summary>Writes the outcome of a step or of a published message, in the form of <c>step-answer.schema.json</c>.</summary>
internal static class StepAnswer
{
    /// <summary>The answers to extend.</summary>
    public static readonly ReadOnlyMemory<byte> Ok = """{"outcome":"OK"}"""u8.ToArray();
    public static readonly ReadOnlyMemory<byte> Stale = """{"outcome":"STALE"}"""u8.ToArray();

    // A JSON writer asks for 256 bytes; a smaller buffer would be reallocated and copied.
    private const int BufferBytes = 320;

    public static ReadOnlyMemory<byte> Write(StepResult result, BoundSteps steps)
    {
        var buffer = new ArrayBufferWriter<byte>(BufferBytes + 80 * result.Emitted.Count);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("outcome"u8, result.Outcome);
        WriteDurable(json, result.Code is null ? result.Durable : null);
        json.WriteString("position"u8, result.Position);
        WriteEmitted(json, result.Emitted);
        if (result.Conflicts.Count > 0)
        {
            json.WriteStartArray("conflicts"u8);
            foreach (var key in result.Conflicts)
            {
                json.WriteStringValue(steps.Unprefixed(key));
            }

            json.WriteEndArray();
        }

        if (result.Message.Length > 0)
        {
            json.WriteString("message"u8, result.Message);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> Write(Published message)
    {
        var buffer = new ArrayBufferWriter<byte>(BufferBytes);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("outcome"u8, "OK"u8);
        WriteDurable(json, message.Durable);
        WriteEmitted(json, [message]);
        json.WriteString("position"u8, message.Position);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Left out where it is not known.</summary>
    private static void WriteDurable(Utf8JsonWriter json, bool? durable)
    {
        if (durable is { } known)
        {
            json.WriteBoolean("durable"u8, known);
        }
    }

    private static void WriteEmitted(Utf8JsonWriter json, IReadOnlyList<Published> messages)
    {
        json.WriteStartArray("emitted"u8);
        foreach (var message in messages)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, message.Id);
            json.WriteBoolean("duplicate"u8, message.Duplicate);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

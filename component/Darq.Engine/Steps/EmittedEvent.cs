using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Darq.Engine.Steps;

/// <summary>
/// Wraps an emitted message as a CloudEvent, as the sidecar does for its publish API, which emitted messages do not use.
/// </summary>
internal static class EmittedEvent
{
    private const int FrameBytes = 320;

    public static ReadOnlyMemory<byte> Wrap(StepEmit emit, string id, string source, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(FrameBytes + emit.Data.Length);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WritePropertyName("data"u8);
        json.WriteRawValue(emit.Data.Span, skipInputValidation: true);
        json.WriteString("datacontenttype"u8, "application/json"u8);
        json.WriteString("id"u8, id);
        json.WriteString("source"u8, source);
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("time"u8, now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteString("topic"u8, emit.Topic);
        json.WriteString("type"u8, "com.dapr.event.sent"u8);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}

using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Darq.AspNetCore.Messages;

/// <summary>The data of a message: its bytes, and whether its publisher called them JSON.</summary>
internal readonly record struct EventData(ReadOnlyMemory<byte> Bytes, bool IsJson)
{
    private const string EventType = "application/cloudevents+json";

    /// <summary>From a request's body: a whole event as the sidecar sends it, or what UseCloudEvents has left of it.</summary>
    public static EventData Of(ReadOnlyMemory<byte> body, string? contentType) =>
        contentType?.StartsWith(EventType, StringComparison.OrdinalIgnoreCase) == true
            ? OfEvent(body)
            : new EventData(body, IsJsonType(contentType));

    private static EventData OfEvent(ReadOnlyMemory<byte> body)
    {
        using var document = Parse(body);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new UnfitMessageException("it is called a CloudEvent and is no JSON object");
        }

        var isJson = !root.TryGetProperty("datacontenttype"u8, out var type) || IsJsonType(type.ToString());
        if (root.TryGetProperty("data_base64"u8, out var binary))
        {
            return binary.ValueKind == JsonValueKind.String && binary.TryGetBytesFromBase64(out var bytes)
                ? new EventData(bytes, isJson)
                : throw new UnfitMessageException("its data_base64 is no Base64");
        }

        if (!root.TryGetProperty("data"u8, out var data))
        {
            return new EventData(default, isJson);
        }

        // Text that is no JSON stands in a JSON string.
        return data.ValueKind == JsonValueKind.String && !isJson
            ? new EventData(Encoding.UTF8.GetBytes(data.GetString()!), false)
            : new EventData(JsonMarshal.GetRawUtf8Value(data).ToArray(), true);
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            throw new UnfitMessageException("it is called a CloudEvent and is no JSON");
        }
    }

    private static bool IsJsonType(string? contentType)
    {
        if (contentType is null)
        {
            return true;
        }

        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        var type = (end < 0 ? contentType : contentType[..end]).Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }
}

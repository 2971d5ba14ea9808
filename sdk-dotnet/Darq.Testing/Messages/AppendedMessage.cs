using System.Text;
using System.Text.Json;

namespace Darq.Testing.Messages;

/// <summary>A message as it was appended: its id, and the event or the bytes that were published.</summary>
internal sealed class AppendedMessage(string id, byte[] data)
{
    public string Id => id;

    /// <summary>The JSON text of the data in an event, where bytes are base 64; what is no event stays as it is.</summary>
    public string Contents()
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("specversion", out _))
            {
                return root.TryGetProperty("data", out var carried) ? carried.GetRawText()
                    : root.TryGetProperty("data_base64", out var bytes) ? bytes.GetRawText()
                    : "null";
            }
        }
        catch (JsonException)
        {
            // It is no event.
        }

        return Encoding.UTF8.GetString(data);
    }
}

using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Darq.Partitions;

namespace Darq.Publishing;

/// <summary>What makes an event without an explicit id recognisable when the sidecar sends it again: its source and id, and by default its bytes.</summary>
internal static class EventIdentity
{
    /// <summary>
    /// A short digest, or null where the data is no CloudEvent: an app's own object with an <c>id</c> says nothing of
    /// whether it was sent before, and taking it for an event would swallow its second message.
    /// </summary>
    public static string? Of(ReadOnlyMemory<byte> data, DedupBy dedupBy)
    {
        if (!TryReadNames(data.Span, out var source, out var id)) return null;
        var names = Encoding.UTF8.GetByteCount(source) + Encoding.UTF8.GetByteCount(id) + 2;
        var rented = ArrayPool<byte>.Shared.Rent(names + data.Length);
        var length = Encoding.UTF8.GetBytes(source, rented);
        rented[length++] = 0;
        length += Encoding.UTF8.GetBytes(id, rented.AsSpan(length));
        rented[length++] = 0;
        if (dedupBy == DedupBy.Content)
        {
            data.Span.CopyTo(rented.AsSpan(length));
            length += data.Length;
        }
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(rented.AsSpan(0, length), digest);
        ArrayPool<byte>.Shared.Return(rented);
        return Convert.ToBase64String(digest[..15]);
    }

    private static bool TryReadNames(ReadOnlySpan<byte> data, out string source, out string id)
    {
        (source, id) = ("", "");
        var isEvent = false;
        try
        {
            var json = new Utf8JsonReader(data);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return false;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isSource = json.ValueTextEquals("source"u8);
                var isId = json.ValueTextEquals("id"u8);
                isEvent |= json.ValueTextEquals("specversion"u8);
                json.Read();
                if (isSource && json.TokenType == JsonTokenType.String) source = json.GetString()!;
                else if (isId && json.TokenType == JsonTokenType.String) id = json.GetString()!;
                else json.Skip();
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The latter is what the reader throws for a string that is no Unicode text.
            return false;
        }
        return isEvent && id.Length > 0 && source.Length > 0;
    }
}

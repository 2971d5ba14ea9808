using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Darq.Engine.Publishing;

/// <summary>Digests that recognise a repeated event without a publisher's id.</summary>
internal static class EventIdentity
{
    private const int DigestBytes = 15;

    /// <summary>
    /// A short digest of an event's source and id, or null where the data is no CloudEvent: two messages of an app may well carry
    /// the same <c>id</c> in their own objects, and must not count as duplicates.
    /// </summary>
    public static string? Of(ReadOnlyMemory<byte> data)
    {
        if (!TryReadNames(data.Span, out var source, out var id))
        {
            return null;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(source + "\0" + id), digest);
        return Convert.ToBase64String(digest[..DigestBytes]);
    }

    /// <summary>
    /// A short digest of all bytes of a request, or null where none of its messages is an event. A sidecar's retry sends the same
    /// messages together again; equal bytes that include an event's source and id can only be a retry.
    /// </summary>
    public static string? OfRequest(IReadOnlyList<PublishEntry> entries)
    {
        if (!HasEvent(entries))
        {
            return null;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        if (entries.Count == 1)
        {
            SHA256.HashData(entries[0].Data.Span, digest);
        }
        else
        {
            DigestOf(entries, digest);
        }

        return Convert.ToBase64String(digest[..DigestBytes]);
    }

    private static bool HasEvent(IReadOnlyList<PublishEntry> entries)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (TryReadNames(entries[i].Data.Span, out _, out _))
            {
                return true;
            }
        }
        return false;
    }

    private static void DigestOf(IReadOnlyList<PublishEntry> entries, Span<byte> digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in entries)
        {
            AddPart(hash, entry.Data.Span);
        }

        hash.GetHashAndReset(digest);
    }

    /// <summary>The length goes first, so that other parts with the same bytes in a row are told apart.</summary>
    public static void AddPart(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }

    private static bool TryReadNames(ReadOnlySpan<byte> data, out string source, out string id)
    {
        (source, id) = ("", "");
        var isEvent = false;
        try
        {
            var json = new Utf8JsonReader(data);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isSource = json.ValueTextEquals("source"u8);
                var isId = json.ValueTextEquals("id"u8);
                isEvent |= json.ValueTextEquals("specversion"u8);
                json.Read();
                if (isSource && json.TokenType == JsonTokenType.String)
                {
                    source = json.GetString()!;
                }
                else if (isId && json.TokenType == JsonTokenType.String)
                {
                    id = json.GetString()!;
                }
                else
                {
                    json.Skip();
                }
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The reader throws InvalidOperationException for a string that is not Unicode.
            return false;
        }
        return isEvent && id.Length > 0 && source.Length > 0;
    }
}

using System.Text.Json;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>The metadata that travels with a message: the publisher's, without the names that the component reads or adds.</summary>
internal static class MessageMetadata
{
    public static ReadOnlyMemory<byte> Serialize(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return default;
        }

        var kept = metadata.Where(entry => entry.Key.Length > 0 && !WireNames.IsReserved(entry.Key)).ToArray();
        if (kept.Length == 0)
        {
            return default;
        }

        var written = Write(kept);
        if (written.Length > Limits.MaxMetadataBytes)
        {
            throw new DarqException(
                ErrorCode.TooLarge,
                $"TOO_LARGE: metadata has {written.Length:N0} bytes; accepted: at most {Limits.MaxMetadataBytes:N0}."
            );
        }

        return written;
    }

    /// <summary>The entries as JSON, reserved names included.</summary>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<KeyValuePair<string, string>> entries)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in entries)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>Throws <see cref="FormatException"/> unless <see cref="Write"/> wrote it: data is checked after reading too.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Parse(ReadOnlySpan<byte> stored)
    {
        try
        {
            return stored.IsEmpty ? [] : Read(stored);
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException)
        {
            throw new FormatException($"Its metadata is no JSON object of texts: {damage.Message}", damage);
        }
    }

    private static List<KeyValuePair<string, string>> Read(ReadOnlySpan<byte> stored)
    {
        var entries = new List<KeyValuePair<string, string>>();
        var json = new Utf8JsonReader(stored);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            var name = json.GetString()!;
            json.Read();
            entries.Add(new(name, json.GetString()!));
        }
        return entries;
    }
}

using System.Globalization;
using System.Text.Json;
using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>One message as a caller passes it: the bytes and the request metadata; of several also its name in errors.</summary>
internal sealed record PublishEntry(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata, string Name = "");

/// <summary>An appended message: the id that it was sent with, and its position (the original's, for a duplicate).</summary>
internal readonly record struct Published(string Id, int Partition, Position StreamId, Position Applied, bool Duplicate)
{
    /// <summary>Whether it was durable when it was answered; null where that is not known.</summary>
    public bool? Durable { get; init; }

    public string Position => new WirePosition(Partition, Applied).ToString();
}

/// <summary>What a publish is answered, and the recoveries before its request.</summary>
internal readonly record struct PublishAnswer(Published[] Messages, RecoveryCount RecoveriesBefore);

/// <summary>A time to live given as request metadata.</summary>
internal static class TimeToLive
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(int.MaxValue);

    /// <summary>
    /// Reads <c>ttl</c>, a duration or seconds, else <c>ttlInSeconds</c>, in the order in which the sidecar looks for them; null where
    /// neither is given. Throws (Invalid) for anything but a positive time.
    /// </summary>
    public static TimeSpan? Of(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return null;
        }

        (string Name, string Value)? seconds = null;
        foreach (var (name, value) in metadata)
        {
            if (name.Equals(WireNames.Ttl, StringComparison.OrdinalIgnoreCase))
            {
                return TrySeconds(value) ?? TryDuration(value) ?? throw Wrong(name, value, ", or a duration such as 30s, 500ms or 5m");
            }

            if (name.Equals(WireNames.TtlInSeconds, StringComparison.OrdinalIgnoreCase))
            {
                seconds = (name, value);
            }
        }

        return seconds is { } given ? TrySeconds(given.Value) ?? throw Wrong(given.Name, given.Value) : null;
    }

    private static TimeSpan? TrySeconds(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : null;

    /// <summary>A text without a unit is no duration here: it would be milliseconds, where the sidecar reads seconds.</summary>
    private static TimeSpan? TryDuration(string value) =>
        value.Length > 0
        && char.IsAsciiLetter(value[^1])
        && DurationText.TryRead(value, out var duration)
        && duration > TimeSpan.Zero
        && duration <= Most
            ? duration
            : null;

    private static DarqException Wrong(string name, string value, string otherForm = "") =>
        Limits.Invalid(name, value, "a whole number of seconds above 0" + otherForm);
}

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

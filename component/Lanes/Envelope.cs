using System.Globalization;
using System.Text;
using Darq.Publishing;

namespace Darq.Lanes;

/// <summary>
/// What a message looks like to an app: our names as headers (metadata) and as attributes of the event, because each of
/// the sidecar's delivery paths loses one or the other. Metadata becomes HTTP headers and gRPC metadata, and one bad name
/// or value would make the delivery fail for ever; so everything is checked here.
/// </summary>
internal static class Envelope
{
    private static readonly (string Header, string Attribute)[] Names =
    [
        ("darq-token", "darqtoken"), ("darq-id", "darqid"), ("darq-idempotency-key", "darqidempotencykey"), ("darq-attempt", "darqattempt"),
        ("darq-world-line", "darqworldline"), ("darq-partition", "darqpartition"), ("darq-durable", "darqdurable"), ("darq-position", "darqposition"),
    ];

    public static Delivery Compose(Message message, DeliveryToken token, string subscribedTopic, int attempt, long worldLine)
    {
        var tokenText = token.ToString();
        var values = Values(message, tokenText, token.Topic, attempt, worldLine);
        var metadata = new List<KeyValuePair<string, string>>(Names.Length + 4);
        foreach (var (name, value) in message.ParseMetadata())
        {
            if (IsHeaderName(name) && IsHeaderValue(value) && (!WireNames.IsReserved(name) || WireNames.IsDeadLetter(name))) metadata.Add(new(name, value));
        }
        for (var i = 0; i < Names.Length; i++) metadata.Add(new(Names[i].Header, values[i]));
        return new(tokenText, subscribedTopic, WithAttributes(message.Data, values), metadata);
    }

    /// <summary>In the order of the names; all of them fit for a header.</summary>
    private static string[] Values(Message message, string token, string topic, int attempt, long worldLine) =>
    [
        token,
        HeaderValue(message.Id),
        string.Create(CultureInfo.InvariantCulture, $"{Redis.Keys.Encode(topic)}/{message.Partition}/{message.StreamId}"),
        attempt.ToString(CultureInfo.InvariantCulture),
        worldLine.ToString(CultureInfo.InvariantCulture),
        message.Partition.ToString(CultureInfo.InvariantCulture),
        // Durability here is the server's reply; what that covers is said at Init.
        "true",
        string.Create(CultureInfo.InvariantCulture, $"{message.Partition}:{message.Position}"),
    ];

    /// <summary>Adds the attributes before the closing brace of a JSON object; anything else stays as it is.</summary>
    private static ReadOnlyMemory<byte> WithAttributes(ReadOnlyMemory<byte> data, string[] values)
    {
        var span = data.Span.TrimEnd(" \t\r\n"u8);
        if (span.Length < 2 || span.TrimStart(" \t\r\n"u8)[0] != (byte)'{' || span[^1] != (byte)'}') return data;
        var isEmpty = span[..^1].TrimEnd(" \t\r\n"u8)[^1] == (byte)'{';
        var added = 1;
        for (var i = 0; i < values.Length; i++) added += Names[i].Attribute.Length + values[i].Length + values[i].AsSpan().Count('"') + values[i].AsSpan().Count('\\') + 6;
        var whole = new byte[span.Length - 1 + added - (isEmpty ? 1 : 0)];
        span[..^1].CopyTo(whole);
        var rest = whole.AsSpan(span.Length - 1);
        for (var i = 0; i < values.Length; i++)
        {
            Append(ref rest, i == 0 && isEmpty ? "\"" : ",\"");
            Append(ref rest, Names[i].Attribute);
            Append(ref rest, "\":\"");
            AppendEscaped(ref rest, values[i]);
            Append(ref rest, "\"");
        }
        Append(ref rest, "}");
        return whole;
    }

    private static void AppendEscaped(ref Span<byte> rest, ReadOnlySpan<char> value)
    {
        while (value.IndexOfAny('"', '\\') is >= 0 and var special)
        {
            Append(ref rest, value[..special]);
            Append(ref rest, "\\");
            Append(ref rest, value.Slice(special, 1));
            value = value[(special + 1)..];
        }
        Append(ref rest, value);
    }

    /// <summary>All that is written is ASCII.</summary>
    private static void Append(ref Span<byte> rest, ReadOnlySpan<char> text)
    {
        Encoding.ASCII.GetBytes(text, rest);
        rest = rest[text.Length..];
    }

    public static string HeaderValue(string value) => IsHeaderValue(value) ? value : Uri.EscapeDataString(value);

    private static bool IsHeaderValue(string value) => value.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    private static bool IsHeaderName(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            && !name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase)
            && !Forbidden.Contains(name);

    /// <summary>Names that mean something to a server or proxy between the sidecar and the app.</summary>
    private static readonly HashSet<string> Forbidden = new(StringComparer.OrdinalIgnoreCase)
    {
        "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "keep-alive", "upgrade",
        "host", "te", "trailer", "expect", "proxy-connection", "dapr-api-token", "destination-app-id",
    };
}

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
    public static Delivery Compose(Message message, DeliveryToken token, string subscribedTopic, int attempt, long worldLine)
    {
        var tokenText = token.ToString();
        var names = Names(message, tokenText, token.Topic, attempt, worldLine);
        var metadata = new List<KeyValuePair<string, string>>(names.Length + 4);
        foreach (var (name, value) in message.ParseMetadata())
        {
            if (IsHeaderName(name) && IsHeaderValue(value) && (!WireNames.IsReserved(name) || WireNames.IsDeadLetter(name))) metadata.Add(new(name, value));
        }
        foreach (var (header, _, value) in names) metadata.Add(new(header, value));
        return new(tokenText, subscribedTopic, WithAttributes(message.Data, names), metadata);
    }

    private static (string Header, string Attribute, string Value)[] Names(Message message, string token, string topic, int attempt, long worldLine) =>
    [
        ("darq-token", "darqtoken", token),
        ("darq-id", "darqid", HeaderValue(message.Id)),
        ("darq-idempotency-key", "darqidempotencykey", $"{Redis.Keys.Encode(topic)}/{message.Partition}/{message.StreamId}"),
        ("darq-attempt", "darqattempt", attempt.ToString(CultureInfo.InvariantCulture)),
        ("darq-world-line", "darqworldline", worldLine.ToString(CultureInfo.InvariantCulture)),
        ("darq-partition", "darqpartition", message.Partition.ToString(CultureInfo.InvariantCulture)),
        // Durability here is the server's reply; what that covers is said at Init.
        ("darq-durable", "darqdurable", "true"),
        ("darq-position", "darqposition", $"{message.Partition}:{message.Position}"),
    ];

    /// <summary>Adds the attributes before the closing brace of a JSON object; anything else stays as it is.</summary>
    private static ReadOnlyMemory<byte> WithAttributes(ReadOnlyMemory<byte> data, (string, string Attribute, string Value)[] names)
    {
        var span = data.Span.TrimEnd(" \t\r\n"u8);
        if (span.Length < 2 || span.TrimStart(" \t\r\n"u8)[0] != (byte)'{' || span[^1] != (byte)'}') return data;
        var isEmpty = span[..^1].TrimEnd(" \t\r\n"u8)[^1] == (byte)'{';
        var added = new StringBuilder();
        foreach (var (_, attribute, value) in names)
        {
            added.Append(isEmpty && added.Length == 0 ? "\"" : ",\"").Append(attribute).Append("\":\"");
            foreach (var c in value) added.Append(c is '"' or '\\' ? "\\" + c : c.ToString());
            added.Append('"');
        }
        var tail = Encoding.UTF8.GetBytes(added.Append('}').ToString());
        var whole = new byte[span.Length - 1 + tail.Length];
        span[..^1].CopyTo(whole);
        tail.CopyTo(whole.AsSpan(span.Length - 1));
        return whole;
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

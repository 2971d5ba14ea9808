using System.Text;
using System.Text.Json;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// A message in the form that an app sees: the <c>darq-</c> names as headers (metadata) and as attributes of the event, because
/// each of the sidecar's delivery paths loses one or the other. Metadata becomes HTTP headers and gRPC metadata, where one bad name
/// or value would make the delivery fail for ever, so the envelope checks every one. A stream reuses one envelope, in bytes: as
/// strings its parts would be most of a delivery's allocations.
/// </summary>
internal sealed class Envelope
{
    // What a step needs is also sent under names that every SDK shows.
    private const int ShownCount = 4;

    // In the order in which their values are written.
    private static readonly byte[][] Names =
    [
        [.. "darq-token"u8],
        [.. "darq-id"u8],
        [.. "darq-idempotency-key"u8],
        [.. "darq-attempt"u8],
        [.. "darq-world-line"u8],
        [.. "darq-partition"u8],
        [.. "darq-position"u8],
        [.. "darq-durable"u8],
    ];

    private static readonly byte[][] Headers =
    [
        .. Names,
        .. Names.Take(ShownCount).Select(name => (byte[])[.. Encoding.ASCII.GetBytes(WireNames.ShownPrefix), .. name]),
    ];

    // Names of attributes are letters and digits only. Includes the quotes and the colon around the name.
    private static readonly byte[][] Attributes = Array.ConvertAll(
        Names,
        header => Encoding.ASCII.GetBytes($"\"{Encoding.ASCII.GetString(header).Replace("-", "", StringComparison.Ordinal)}\":\"")
    );

    private readonly HeaderBuffer _values = new(Names.Length);
    private readonly ByteBuffer _attributes = new();
    private readonly List<KeyValuePair<string, string>> _ofPublisher = [];
    private ReadOnlyMemory<byte> _data;

    public static int HeaderCount => Headers.Length;

    /// <summary>The publisher's metadata that headers can carry.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> OfPublisher => _ofPublisher;

    /// <summary>The data before the added attributes; all of it where it takes none.</summary>
    public ReadOnlySpan<byte> DataHead => _data.Span;

    /// <summary>The added attributes and the closing brace of the event; empty where the data takes none.</summary>
    public ReadOnlySpan<byte> DataTail => _attributes.Written;

    public static Delivery Compose(
        Message message,
        DeliveryToken token,
        string subscribedTopic,
        int attempt,
        long worldLine,
        bool isRaw = false,
        bool? durable = null
    ) => new(token.ToString(), subscribedTopic, message, token.Topic, attempt, worldLine, isRaw) { Durable = durable };

    public static ReadOnlySpan<byte> Header(int index) => Headers[index];

    public static string HeaderValue(string value) => IsHeaderValue(value) ? value : Uri.EscapeDataString(value);

    /// <summary>ASCII that a header can carry; empty where the delivery has no such header.</summary>
    public ReadOnlySpan<byte> Value(int index) => _values[index % Names.Length];

    /// <summary>Throws <see cref="UndeliverableException"/> where the message is damaged.</summary>
    public void Fill(Delivery delivery)
    {
        _ofPublisher.Clear();
        try
        {
            TakeMetadata(delivery.Message);
        }
        catch (FormatException damage)
        {
            throw new UndeliverableException(damage);
        }

        WriteValues(delivery, delivery.Message);
        TakeData(delivery.Message.Data, delivery.IsRaw);
    }

    private void TakeMetadata(Message message)
    {
        foreach (var (name, value) in message.ParseMetadata())
        {
            if (IsHeaderName(name) && (!WireNames.IsReserved(name) || WireNames.IsDeadLetter(name)))
            {
                _ofPublisher.Add(new(name, HeaderValue(value)));
            }
        }
    }

    /// <summary>In the order of the headers.</summary>
    private void WriteValues(Delivery delivery, Message message)
    {
        _values.Clear();
        _values.Text(delivery.Token).End(0);
        var id = HeaderValue(message.Id);
        _values.Text(id).End(1);
        // No / in the topic's part, so that no two messages have one key.
        var topic = Keys.Encode(delivery.MessageTopic).Replace("/", "%2F", StringComparison.Ordinal);
        _values.Text(topic).Sign('/').Number(message.Partition).Sign('/').Text(id).End(2);
        _values.Number(delivery.Attempt).End(3);
        _values.Number(delivery.WorldLine).End(4);
        _values.Number(message.Partition).End(5);
        _values.Number(message.Partition).Sign(':').Position(message.Position).End(6);
        _values.Text(DurableWord(delivery.Durable)).End(7);
    }

    private static string DurableWord(bool? durable) =>
        durable switch
        {
            null => "",
            true => "true",
            false => "false",
        };

    /// <summary>
    /// The attributes go before the closing brace of an event; anything else stays as it is, byte for byte, and so does all that a raw
    /// subscriber gets.
    /// </summary>
    private void TakeData(ReadOnlyMemory<byte> data, bool isRaw)
    {
        _data = data;
        _attributes.Clear();
        if (isRaw || !IsEvent(data.Span))
        {
            return;
        }

        _data = data[..(data.Span.TrimEnd(" \t\r\n"u8).Length - 1)];
        for (var i = 0; i < Attributes.Length; i++)
        {
            if (_values[i].IsEmpty)
            {
                continue;
            }

            _attributes.Add((byte)',');
            _attributes.Add(Attributes[i]);
            WriteEscaped(_values[i]);
            _attributes.Add((byte)'"');
        }
        _attributes.Add((byte)'}');
    }

    /// <summary>Whether it is a CloudEvent: a JSON object that has itself a <c>specversion</c>.</summary>
    private static bool IsEvent(ReadOnlySpan<byte> data)
    {
        if (data.IndexOf("\"specversion\""u8) < 0)
        {
            return false;
        }

        var json = new Utf8JsonReader(data);
        var isEvent = false;
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (json.Read())
            {
                isEvent |= json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("specversion"u8);
            }

            return isEvent;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void WriteEscaped(ReadOnlySpan<byte> value)
    {
        while (value.IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var special)
        {
            _attributes.Add(value[..special]);
            _attributes.Add((byte)'\\');
            _attributes.Add(value[special]);
            value = value[(special + 1)..];
        }
        _attributes.Add(value);
    }

    private static bool IsHeaderValue(string value) => value.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    private static bool IsHeaderName(string name) =>
        name.Length > 0
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && !name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase)
        && !Forbidden.Contains(name);

    /// <summary>Names that mean something to a server or proxy between the sidecar and the app.</summary>
    private static readonly HashSet<string> Forbidden = new(StringComparer.OrdinalIgnoreCase)
    {
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "host",
        "te",
        "trailer",
        "expect",
        "proxy-connection",
        "dapr-api-token",
        "destination-app-id",
    };
}

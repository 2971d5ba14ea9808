using System.Buffers.Text;
using System.Globalization;
using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;

namespace Darq.Engine.Subscriptions.Reading;

/// <summary>A message as its stream stores it.</summary>
internal sealed record Message(
    int Partition,
    Position StreamId,
    string Id,
    string Key,
    ReadOnlyMemory<byte> Data,
    ReadOnlyMemory<byte> Metadata,
    long ExpiryMs,
    Position Position
)
{
    public int Size => Data.Length + Metadata.Length + 256;

    /// <summary>A message that this process has just appended; it never expires.</summary>
    public static Message Of(AppendedMessage appended) =>
        new(
            appended.Partition,
            appended.StreamId,
            appended.Id,
            appended.Key,
            appended.Data,
            appended.Metadata,
            long.MaxValue,
            appended.Position
        );

    public IReadOnlyList<KeyValuePair<string, string>> ParseMetadata() => MessageMetadata.Parse(Metadata.Span);

    /// <summary>Throws <see cref="FormatException"/> unless this component wrote the entry: data is checked after reading too.</summary>
    public static Message Read(int partition, StreamEntry entry)
    {
        var (id, key, expiry, lsn) = ((string?)null, "", long.MaxValue, -1L);
        ReadOnlyMemory<byte>? data = null;
        ReadOnlyMemory<byte> metadata = default;
        for (var i = 0; i < entry.Fields.Count; i++)
        {
            var (name, value) = entry.Fields[i];
            switch (name)
            {
                case "i":
                    id = Text(value);
                    break;
                case "k":
                    key = Text(value);
                    break;
                case "d":
                    data = value;
                    break;
                case "m":
                    metadata = value;
                    break;
                case "x" when !value.IsEmpty:
                    expiry = Number(value);
                    break;
                case "l":
                    lsn = Number(value);
                    break;
            }
        }
        var streamId = Position.Parse(entry.Id);
        return new(
            partition,
            streamId,
            id ?? throw Lacks('i'),
            key,
            data ?? throw Lacks('d'),
            metadata,
            expiry,
            new(streamId.WorldLine, lsn >= 0 ? lsn : throw Lacks('l'))
        );

        FormatException Lacks(char field) => new($"Stream entry {entry.Id} of partition {partition} has no field {field}.");
    }

    /// <summary>
    /// Reads what retry.lua packed: each field as its letter, its length, a colon and its bytes. Throws as <see cref="Read"/> does.
    /// </summary>
    public static Message Unpack(int partition, Position streamId, ReadOnlyMemory<byte> body)
    {
        var fields = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>(8);
        while (body.Length > 0)
        {
            var colon = body.Span.IndexOf((byte)':');
            if (
                colon < 2
                || !int.TryParse(body.Span[1..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length > body.Length - colon - 1
            )
            {
                throw new FormatException($"The body of queued message {streamId} of partition {partition} is truncated or malformed.");
            }

            fields.Add(new(Text(body[..1]), body.Slice(colon + 1, length)));
            body = body[(colon + 1 + length)..];
        }
        return Read(partition, new(streamId.ToString(), fields));
    }

    private static long Number(ReadOnlyMemory<byte> value) =>
        Utf8Parser.TryParse(value.Span, out long number, out var length) && length == value.Length
            ? number
            : throw new FormatException("A field of a stream entry is not a number.");

    private static string Text(ReadOnlyMemory<byte> value) => System.Text.Encoding.UTF8.GetString(value.Span);
}

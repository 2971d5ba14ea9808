using System.Globalization;
using Darq.Partitions;
using Darq.Publishing;
using Darq.Redis;

namespace Darq.Lanes;

/// <summary>A message as its stream keeps it.</summary>
internal sealed record Message(int Partition, Position StreamId, string ExplicitId, string Key, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Metadata, long ExpiryMs, Position Position)
{
    /// <summary>The id an app sees: the publisher's own, or one made of partition and stream id.</summary>
    public string Id => ExplicitId.Length > 0 ? ExplicitId : $"{Partition}-{StreamId}";

    public int Size => Data.Length + Metadata.Length + 256;

    public IReadOnlyList<KeyValuePair<string, string>> ParseMetadata() => MessageMetadata.Parse(Metadata.Span);

    /// <summary>Throws <see cref="FormatException"/> where the entry is none of ours: data is checked after reading too.</summary>
    public static Message Read(int partition, StreamEntry entry)
    {
        var (id, key, expiry, lsn) = ("", "", "", "");
        ReadOnlyMemory<byte>? data = null;
        ReadOnlyMemory<byte> metadata = default;
        foreach (var (name, value) in entry.Fields)
        {
            switch (name)
            {
                case "i": id = Text(value); break;
                case "k": key = Text(value); break;
                case "d": data = value; break;
                case "m": metadata = value; break;
                case "x": expiry = Text(value); break;
                case "l": lsn = Text(value); break;
            }
        }
        var streamId = Position.Parse(entry.Id);
        return new(
            partition, streamId, id, key, data ?? throw new FormatException($"Stream entry {entry.Id} of partition {partition} has no field d."), metadata,
            expiry.Length == 0 ? long.MaxValue : long.Parse(expiry, CultureInfo.InvariantCulture),
            new(streamId.WorldLine, long.Parse(lsn, CultureInfo.InvariantCulture)));
    }

    private static string Text(ReadOnlyMemory<byte> value) => System.Text.Encoding.UTF8.GetString(value.Span);
}

using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Data;

/// <summary>A topic in one partition with its lanes, as they were at one moment. Names are as they stand in keys.</summary>
internal sealed record TopicFacts
{
    public required int Partition { get; init; }

    /// <summary>What all keys of the partition begin with.</summary>
    public required string Tag { get; init; }

    public required string Topic { get; init; }

    /// <summary>The world-line of the partition header.</summary>
    public required string WorldLine { get; init; }

    /// <summary>The field <c>t:&lt;topic&gt;</c>; null where it is missing.</summary>
    public string? Text { get; init; }

    /// <summary>The stream; null where there is none.</summary>
    public StreamFacts? Stream { get; init; }

    /// <summary>Whether one of the keys is of a type that cannot be read; another check has that.</summary>
    public bool IsForeign { get; init; }

    public IReadOnlyList<LaneFacts> Lanes { get; init; } = [];

    public string Header => Tag + ":m";

    public string Field => "t:" + Topic;

    public string StreamKey => $"{Tag}:t:{Topic}";

    public TopicNumbers? Numbers => Text is null ? null : TopicNumbers.Parse(Text);
}

/// <summary>A lane as it was at one moment.</summary>
internal sealed record LaneFacts(string Group)
{
    /// <summary>The field <c>l:&lt;group&gt;:&lt;topic&gt;</c>; null where it is missing.</summary>
    public string? Text { get; init; }

    /// <summary>The members of <c>:o:</c>.</summary>
    public IReadOnlyList<string> Ranges { get; init; } = [];

    /// <summary>How many messages are in the retry queue.</summary>
    public long Queued { get; init; }

    /// <summary>
    /// Messages that are known to be done with in the stream apart from the ranges: those in the retry queue, and those that a recorded
    /// step consumed. Read only for a lane whose own numbers are damaged.
    /// </summary>
    public IReadOnlyList<AckedRange> Done { get; init; } = [];

    public LaneNumbers? Numbers => Text is null ? null : LaneNumbers.Parse(Text);
}

/// <summary>What XINFO STREAM says.</summary>
/// <param name="Length">How many entries there are.</param>
/// <param name="First">The first one; null where the stream is empty.</param>
/// <param name="Last">The last id that was ever given.</param>
/// <param name="Bytes">Bytes appended up to and with the last entry; 0 where that is not known.</param>
internal sealed record StreamFacts(long Length, Position? First, Position Last, long Bytes)
{
    /// <summary>Numbers for which there is no entry, although later ones are there.</summary>
    public IReadOnlyList<AckedRange> Holes { get; init; } = [];

    /// <summary>How many entries are missing between the first and the last.</summary>
    public long Missing => First is { } first ? Last.Number - first.Number + 1 - Length : 0;

    /// <summary>Reads the answer; null for one that is not understood.</summary>
    public static StreamFacts? Read(IReadOnlyList<RedisReply> items)
    {
        long? length = null;
        Position? first = null;
        Position? last = null;
        var bytes = 0L;
        for (var i = 0; i + 1 < items.Count; i += 2)
        {
            switch (items[i].ToString())
            {
                case "length":
                    length = long.Parse(items[i + 1].ToString(), CultureInfo.InvariantCulture);
                    break;
                case "last-generated-id" when Position.TryParse(items[i + 1].ToString(), out var id):
                    last = id;
                    break;
                case "first-entry" when IdOf(items[i + 1]) is { } id:
                    first = id;
                    break;
                case "last-entry" when items[i + 1].Items is [_, { Items: var fields }]:
                    bytes = BytesOf(fields);
                    break;
            }
        }

        return length is { } count && last is { } generated ? new(count, first, generated, bytes) : null;
    }

    public static Position? IdOf(RedisReply entry) =>
        entry.Items is [var id, ..] && Position.TryParse(id.ToString(), out var position) ? position : null;

    private static long BytesOf(IReadOnlyList<RedisReply> fields)
    {
        var bytes = 0L;
        for (var i = 0; i + 1 < fields.Count; i += 2)
        {
            bytes += fields[i].ToString() switch
            {
                "y" when StoredNumbers.TryRead(fields[i + 1].ToString(), out var before) => before,
                "d" or "m" => fields[i + 1].Bytes.Length,
                _ => 0,
            };
        }

        return bytes;
    }
}

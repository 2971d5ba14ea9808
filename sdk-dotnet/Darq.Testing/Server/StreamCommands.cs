using System.Globalization;

namespace Darq.Testing.Server;

/// <summary>A stream: entries by id, and the last id ever given, which outlives its entry.</summary>
internal sealed class Stream
{
    public List<(StreamId Id, string[] Fields)> Entries { get; } = [];

    public StreamId Last { get; set; }

    public int FirstAtOrAfter(StreamId id)
    {
        var (low, high) = (0, Entries.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Entries[middle].Id.CompareTo(id) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}

internal readonly record struct StreamId(ulong Milliseconds, ulong Sequence) : IComparable<StreamId>
{
    public static StreamId Least => default;

    public static StreamId Most => new(ulong.MaxValue, ulong.MaxValue);

    public static StreamId Parse(string text, ulong sequenceIfMissing)
    {
        var parts = text.Split('-');
        if (parts.Length > 2 || !Number(parts[0], out var milliseconds))
        {
            throw new CommandException("ERR Invalid stream ID specified as stream command argument");
        }

        if (parts.Length == 1)
        {
            return new(milliseconds, sequenceIfMissing);
        }

        return Number(parts[1], out var sequence)
            ? new(milliseconds, sequence)
            : throw new CommandException("ERR Invalid stream ID specified as stream command argument");
    }

    public int CompareTo(StreamId other) =>
        Milliseconds != other.Milliseconds ? Milliseconds.CompareTo(other.Milliseconds) : Sequence.CompareTo(other.Sequence);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Milliseconds}-{Sequence}");

    private static bool Number(string text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

internal static class StreamCommands
{
    public static Reply Add(Keyspace keys, Arguments words)
    {
        if (words[1].Any(letter => !char.IsAsciiDigit(letter) && letter != '-'))
        {
            throw new NotSupportedException("the fake XADD takes explicit ids and no options");
        }

        if (words.Count % 2 != 0)
        {
            throw new CommandException("ERR wrong number of arguments for 'xadd' command");
        }

        var id = StreamId.Parse(words[1], 0);
        if (id == StreamId.Least)
        {
            throw new CommandException("ERR The ID specified in XADD must be greater than 0-0");
        }

        if (keys.Find<Stream>(words.Key) is { } found && id.CompareTo(found.Last) <= 0)
        {
            throw new CommandException("ERR The ID specified in XADD is equal or smaller than the target stream top item");
        }

        var stream = keys.Create<Stream>(words.Key);
        stream.Last = id;
        stream.Entries.Add((id, [.. words.From(2)]));
        return id.ToString();
    }

    public static Reply Range(Keyspace keys, Arguments words)
    {
        var descending = words.Name == "XREVRANGE";
        var (low, high) = descending ? (words[2], words[1]) : (words[1], words[2]);
        var (least, most) = (Bound(low, 0), Bound(high, ulong.MaxValue));
        var take = words.Is(3, "COUNT") ? (int)words.Integer(4) : int.MaxValue;
        var stream = keys.Find<Stream>(words.Key) ?? new Stream();
        var entries = stream
            .Entries.Skip(stream.FirstAtOrAfter(least.Id))
            .SkipWhile(entry => least.Open && entry.Id == least.Id)
            .TakeWhile(entry => entry.Id.CompareTo(most.Id) <= (most.Open ? -1 : 0));
        return Reply.Of(
            (descending ? entries.Reverse() : entries).Take(take).Select(entry => Reply.Of([entry.Id.ToString(), Reply.Of(entry.Fields)]))
        );
    }

    /// <summary>Trims by least id; the approximate form trims nothing less here.</summary>
    public static Reply Trim(Keyspace keys, Arguments words)
    {
        var at = words.Is(2, "~") || words.Is(2, "=") ? 3 : 2;
        if (!words.Is(1, "MINID") || words.Count > at + 1)
        {
            throw new NotSupportedException("the fake XTRIM takes MINID only");
        }

        var id = StreamId.Parse(words[at], 0);
        if (keys.Find<Stream>(words.Key) is not { } stream)
        {
            return 0;
        }

        var trimmed = stream.FirstAtOrAfter(id);
        stream.Entries.RemoveRange(0, trimmed);
        return trimmed;
    }

    public static Reply Count(Keyspace keys, Arguments words) => keys.Find<Stream>(words.Key)?.Entries.Count ?? 0;

    public static Reply Delete(Keyspace keys, Arguments words)
    {
        var ids = words.From(1).Select(text => StreamId.Parse(text, 0)).ToHashSet();
        return keys.Find<Stream>(words.Key)?.Entries.RemoveAll(entry => ids.Contains(entry.Id)) ?? 0;
    }

    private static (StreamId Id, bool Open) Bound(string text, ulong sequenceIfMissing) =>
        text switch
        {
            "-" => (StreamId.Least, false),
            "+" => (StreamId.Most, false),
            _ => (StreamId.Parse(text.TrimStart('('), sequenceIfMissing), text.StartsWith('(')),
        };
}

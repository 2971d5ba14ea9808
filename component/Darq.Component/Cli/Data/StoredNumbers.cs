using System.Globalization;

namespace Darq.Component.Cli.Data;

/// <summary>The texts packed into a partition header, as append.lua, lane.lua and buckets.lua read and write them.</summary>
internal static class StoredNumbers
{
    /// <summary>Beyond it Lua's numbers are not exact.</summary>
    private const long Largest = 1L << 53;

    public static bool TryRead(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= Largest;

    /// <summary>The numbers of all words, or null where one is none.</summary>
    public static long[]? Read(params ReadOnlySpan<string> words)
    {
        var numbers = new long[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            if (!TryRead(words[i], out numbers[i]))
            {
                return null;
            }
        }

        return numbers;
    }

    /// <summary>Whether it is a word, as Lua's patterns have it.</summary>
    public static bool IsWord(string text) => text.Length > 0 && !text.Any(char.IsWhiteSpace);

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Field <c>t:&lt;topic&gt;</c>: the numbers of a topic in one partition. Names are as they stand in keys.</summary>
/// <param name="Seq">The last number; how many messages were appended.</param>
/// <param name="Bytes">Bytes appended.</param>
/// <param name="Trimmed">Up to where the stream was trimmed.</param>
/// <param name="Duplicates">How many messages were refused as duplicates.</param>
/// <param name="Armed">The session that the next append wakes; - for none, * for several.</param>
/// <param name="Groups">The groups that read it.</param>
internal sealed record TopicNumbers(long Seq, long Bytes, long Trimmed, long Duplicates, string Armed, IReadOnlyList<string> Groups)
{
    public static TopicNumbers? Parse(string text) =>
        text.Split(' ') is [var seq, var bytes, var trimmed, var duplicates, var armed, var groups]
        && StoredNumbers.Read(seq, bytes, trimmed, duplicates) is { } numbers
        && StoredNumbers.IsWord(armed)
        && !groups.Any(char.IsWhiteSpace)
            ? new(numbers[0], numbers[1], numbers[2], numbers[3], armed, groups.Split(',', StringSplitOptions.RemoveEmptyEntries))
            : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Seq} {Bytes} {Trimmed} {Duplicates} {Armed} {string.Join(',', Groups)}");
}

/// <summary>Field <c>l:&lt;group&gt;:&lt;topic&gt;</c>: a lane.</summary>
/// <param name="Owner">The session that owns it, or -.</param>
/// <param name="FencingToken">The last one given, or -.</param>
/// <param name="WorldLine">That of the ack watermark, as text.</param>
/// <param name="Seq">The ack watermark: everything up to it is acked.</param>
/// <param name="Ranges">How many acked ranges are above it.</param>
/// <param name="Consumed">Counter of the books.</param>
/// <param name="Start">The number after which the group began.</param>
/// <param name="Dead">Counter of the books.</param>
/// <param name="Expired">Counter of the books.</param>
/// <param name="TakeOvers">How often a dead owner was replaced.</param>
/// <param name="Suspect">The message that may kill its handlers; 0 for none.</param>
/// <param name="Times">How often it was first when an owner died.</param>
internal sealed record LaneNumbers(
    string Owner,
    string FencingToken,
    string WorldLine,
    long Seq,
    long Ranges,
    long Consumed,
    long Start,
    long Dead,
    long Expired,
    long TakeOvers,
    long Suspect,
    long Times
)
{
    public static LaneNumbers? Parse(string text)
    {
        var words = text.Split(' ');
        if (
            words.Length != 10
            || words[2].Split('-') is not [var worldLine, var seq]
            || words[9].Split(':') is not [var suspect, var times]
        )
        {
            return null;
        }

        var numbers = StoredNumbers.Read([worldLine, seq, .. words[3..9], suspect, times]);
        return numbers is not null && StoredNumbers.IsWord(words[0]) && IsToken(words[1])
            ? new(
                words[0],
                words[1],
                worldLine,
                numbers[1],
                numbers[2],
                numbers[3],
                numbers[4],
                numbers[5],
                numbers[6],
                numbers[7],
                numbers[8],
                numbers[9]
            )
            : null;
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Owner} {FencingToken} {WorldLine}-{Seq} {Ranges} {Consumed} {Start} {Dead} {Expired} {TakeOvers} {Suspect}:{Times}"
        );

    private static bool IsToken(string text) =>
        text == "-" || text.Split('.') is { Length: 2 } parts && StoredNumbers.Read(parts) is not null;
}

/// <summary>A field that says in which buckets names are remembered.</summary>
/// <param name="Number">Of the newest bucket; 0 where there is none yet.</param>
/// <param name="Opened">When that was opened, in ms.</param>
/// <param name="Window">For how long names are remembered at least, in ms.</param>
internal sealed record BucketNumbers(long Number, long Opened, long Window)
{
    public static BucketNumbers? Parse(string text) =>
        text.Split(' ') is { Length: 3 } words && StoredNumbers.Read(words) is { } numbers ? new(numbers[0], numbers[1], numbers[2]) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} {Opened} {Window}");
}

/// <summary>A member of <c>:o:</c>: messages that are acked above the ack watermark.</summary>
internal sealed record AckedRange(long First, long Last, string WorldLine)
{
    public static AckedRange? Parse(string member) =>
        member.Split(':') is { Length: 3 } words && StoredNumbers.Read(words) is [var first and > 0, var last, _] && last >= first
            ? new(first, last, words[2])
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}:{Last}:{WorldLine}");
}

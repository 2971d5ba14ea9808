using System.Globalization;

namespace Darq.Tests.Shared;

/// <summary>Field t:&lt;topic&gt; of a partition header (append.lua).</summary>
internal sealed record TopicNumbers(long Last, long Bytes, long Trimmed, long Duplicates, string Armed, string Groups)
{
    /// <summary>All zero where there is no such field.</summary>
    public static TopicNumbers Parse(string? field)
    {
        var words = (string.IsNullOrEmpty(field) ? "0 0 0 0 - " : field).Split(' ');
        long At(int index) => long.Parse(words[index], CultureInfo.InvariantCulture);
        return new(At(0), At(1), At(2), At(3), words[4], words[5]);
    }
}

/// <summary>Field l:&lt;group&gt;:&lt;topic&gt; of a partition header (lane.lua).</summary>
internal sealed record LaneNumbers(
    string Owner,
    string FencingToken,
    string Watermark,
    long Ranges,
    long Consumed,
    long Start,
    long Dead,
    long Expired,
    long TakeOvers,
    string Suspect
)
{
    /// <summary>All zero where there is no such field.</summary>
    public static LaneNumbers Parse(string? field)
    {
        var words = (string.IsNullOrEmpty(field) ? "- - 0-0 0 0 0 0 0 0 0:0" : field).Split(' ');
        long At(int index) => long.Parse(words[index], CultureInfo.InvariantCulture);
        return new(words[0], words[1], words[2], At(3), At(4), At(5), At(6), At(7), At(8), words[9]);
    }
}

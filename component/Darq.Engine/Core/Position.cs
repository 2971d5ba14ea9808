using System.Globalization;

namespace Darq.Engine.Core;

/// <summary>A position: world-line and number inside it. Stream ids have the same form with a dense number per stream.</summary>
internal readonly record struct Position(long WorldLine, long Number) : IComparable<Position>
{
    /// <summary>The stream id right after this one, in the same world-line.</summary>
    public Position Next => this with { Number = Number + 1 };

    public static Position Parse(ReadOnlySpan<char> text)
    {
        var dash = text.IndexOf('-');
        return dash > 0
            ? new(Digits(text[..dash]), Digits(text[(dash + 1)..]))
            : throw new FormatException($"'{text}' is not a position; accepted: <world-line>-<number>.");
    }

    public static bool TryParse(ReadOnlySpan<char> text, out Position position)
    {
        position = default;
        var dash = text.IndexOf('-');
        if (
            dash <= 0
            || !long.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var worldLine)
            || !long.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
        {
            return false;
        }

        position = new(worldLine, number);
        return true;
    }

    public static Position Min(Position left, Position right) => left < right ? left : right;

    public static Position Max(Position left, Position right) => left > right ? left : right;

    public int CompareTo(Position other) =>
        WorldLine != other.WorldLine ? WorldLine.CompareTo(other.WorldLine) : Number.CompareTo(other.Number);

    public static bool operator <(Position left, Position right) => left.CompareTo(right) < 0;

    public static bool operator >(Position left, Position right) => left.CompareTo(right) > 0;

    public static bool operator <=(Position left, Position right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Position left, Position right) => left.CompareTo(right) >= 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{WorldLine}-{Number}");

    private static long Digits(ReadOnlySpan<char> text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace Darq.Engine.Core;

/// <summary>
/// The one form of a duration: numbers with units from h down to ms (<c>30s</c>, <c>1m30s</c>, <c>0.5s</c>), or a bare number of
/// milliseconds. It covers what the built-in Redis components accept, so that their files work unchanged.
/// </summary>
internal static class DurationText
{
    private static readonly (string Unit, double Milliseconds)[] Units = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

    public static bool TryRead(string text, out TimeSpan duration)
    {
        duration = default;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bare))
        {
            return TryMake(bare, out duration);
        }

        var rest = text.AsSpan();
        double total = 0;
        while (!rest.IsEmpty)
        {
            var digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
            {
                digits++;
            }

            if (
                digits == 0
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            )
            {
                return false;
            }

            rest = rest[digits..];
            if (!TryTakeUnit(ref rest, out var milliseconds))
            {
                return false;
            }

            total += number * milliseconds;
        }

        return text.Length > 0 && TryMake(total, out duration);
    }

    /// <summary>The shortest text that reads back as the same duration.</summary>
    public static string Write(TimeSpan duration)
    {
        var milliseconds = (long)duration.TotalMilliseconds;
        return milliseconds switch
        {
            0 => "0",
            _ when milliseconds % 3_600_000 == 0 => $"{milliseconds / 3_600_000}h",
            _ when milliseconds % 60_000 == 0 => $"{milliseconds / 60_000}m",
            _ when milliseconds % 1_000 == 0 => $"{milliseconds / 1_000}s",
            _ => $"{milliseconds}ms",
        };
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, out double milliseconds)
    {
        foreach (var (unit, length) in Units)
        {
            milliseconds = length;
            if (!rest.StartsWith(unit, StringComparison.Ordinal))
            {
                continue;
            }

            rest = rest[unit.Length..];
            return true;
        }

        milliseconds = 0;
        return false;
    }

    private static bool TryMake(double milliseconds, out TimeSpan duration)
    {
        // Far beyond every range that a setting allows, and far from where a TimeSpan overflows.
        const double Most = 1000d * 365 * 24 * 3_600_000;
        duration = milliseconds <= Most ? TimeSpan.FromMilliseconds(milliseconds) : default;
        return milliseconds <= Most;
    }
}

using System.Globalization;

namespace Darq.Sidecar.Events;

/// <summary>Durations as Go writes them ("1m30s", "250ms").</summary>
internal static class GoDuration
{
    private static readonly (string Unit, double Milliseconds)[] Units =
    [
        ("ns", 1e-6),
        ("us", 1e-3),
        ("µs", 1e-3),
        ("ms", 1),
        ("s", 1e3),
        ("m", 6e4),
        ("h", 3.6e6),
    ];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var rest = text.TrimStart('-', '+');
        if (rest.Length == 0)
        {
            return false;
        }

        var total = 0.0;
        while (rest.Length > 0 && rest != "0")
        {
            var digits = rest.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
            var name = new string(rest[digits..].TakeWhile(c => !char.IsAsciiDigit(c) && c != '.').ToArray());
            var unit = Array.Find(Units, u => u.Unit == name);
            if (
                unit.Unit is null
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            )
            {
                return false;
            }

            total += value * unit.Milliseconds;
            rest = rest[(digits + name.Length)..];
        }
        duration = TimeSpan.FromMilliseconds(text[0] == '-' ? -total : total);
        return true;
    }

    /// <summary>A time to live: a whole number of seconds or a Go duration; negative ones are none.</summary>
    public static bool TryParseTimeToLive(string text, out TimeSpan duration)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            duration = TimeSpan.FromSeconds(seconds);
        }
        else if (!TryParse(text, out duration))
        {
            return false;
        }

        return duration >= TimeSpan.Zero;
    }
}

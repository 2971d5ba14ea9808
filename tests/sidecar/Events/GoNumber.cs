using System.Globalization;
using System.Text.Json;

namespace Darq.Sidecar.Events;

/// <summary>Numbers as Go prints a float64 in JSON: shortest digits, an exponent only below 1e-6 and from 1e21 on.</summary>
internal static class GoNumber
{
    public static string Format(JsonElement number)
    {
        var value = double.Parse(number.GetRawText(), CultureInfo.InvariantCulture);
        return double.IsFinite(value)
            ? Format(value)
            : throw new GoJsonException($"json: cannot unmarshal number {number.GetRawText()} into Go value of type float64");
    }

    public static string Format(double value)
    {
        if (value == 0)
        {
            return double.IsNegative(value) ? "-0" : "0";
        }

        var (sign, digits, exponent) = Split(value.ToString("E16", CultureInfo.InvariantCulture), value);
        if (exponent is < -6 or >= 21)
        {
            return sign + digits[0] + (digits.Length > 1 ? "." + digits[1..] : "") + (exponent < 0 ? "e-" : "e+") + TwoDigits(exponent);
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + digits;
        }

        if (digits.Length <= exponent + 1)
        {
            return sign + digits.PadRight(exponent + 1, '0');
        }

        return sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>As Go's <c>strconv</c> prints it in its shortest form: with an exponent below 1e-4 and from 1e6 on.</summary>
    public static string Print(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        var (sign, digits, exponent) = Split(value.ToString("E16", CultureInfo.InvariantCulture), value);
        return exponent is >= -4 and < 6
            ? Format(value)
            : $"{sign}{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    // "R" gives the shortest digits that read back as the same number, in a notation of its own choice; "E16" gives the exponent.
    private static (string Sign, string Digits, int Exponent) Split(string scientific, double value)
    {
        var exponent = int.Parse(
            scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1),
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture
        );
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var mantissa = shortest.Split('E')[0].Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        // Rounding to seventeen digits can carry into the next power of ten only where the shortest digits do not.
        return (value < 0 ? "-" : "", mantissa, exponent);
    }

    // Go writes e-7 and e+21: no leading zero in a negative exponent of one digit, two digits otherwise by themselves.
    private static string TwoDigits(int exponent) => Math.Abs(exponent).ToString(CultureInfo.InvariantCulture);
}

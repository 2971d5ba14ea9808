using System.Globalization;
using System.Text;
using Darq.Sidecar.Events;

namespace Darq.Sidecar.Routing;

/// <summary>The functions that turn a value into another type; numbers that do not fit are an error, fractions are cut.</summary>
internal static class CelConversions
{
    public static object Int(object? value) =>
        value switch
        {
            long number => number,
            ulong number when number <= long.MaxValue => (long)number,
            double number when number is > -9.2233720368547758e18 and < 9.2233720368547758e18 => (long)number,
            ulong or double => throw new CelException("integer overflow"),
            string text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            DateTimeOffset time => time.ToUnixTimeSeconds(),
            _ => throw Failed(value, "int"),
        };

    public static object UInt(object? value) =>
        value switch
        {
            ulong number => number,
            long number when number >= 0 => (ulong)number,
            double number when number is >= 0 and < 1.8446744073709552e19 => (ulong)number,
            long or double => throw new CelException("unsigned integer overflow"),
            string text when ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            _ => throw Failed(value, "uint"),
        };

    public static object Double(object? value) =>
        value switch
        {
            double number => number,
            long number => (double)number,
            ulong number => (double)number,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => throw Failed(value, "double"),
        };

    public static object Text(object? value) =>
        value switch
        {
            string text => text,
            bool yes => yes ? "true" : "false",
            long number => number.ToString(CultureInfo.InvariantCulture),
            ulong number => number.ToString(CultureInfo.InvariantCulture),
            double number => GoNumber.Print(number),
            byte[] bytes => Encoding.UTF8.GetString(bytes),
            DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
            TimeSpan duration => duration.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s",
            _ => throw Failed(value, "string"),
        };

    public static object Bytes(object? value) =>
        value switch
        {
            byte[] bytes => bytes,
            string text => Encoding.UTF8.GetBytes(text),
            _ => throw Failed(value, "bytes"),
        };

    public static object Bool(object? value) =>
        value switch
        {
            bool yes => yes,
            "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => throw Failed(value, "bool"),
        };

    public static object Timestamp(object? value) =>
        value switch
        {
            DateTimeOffset time => time,
            long seconds => DateTimeOffset.FromUnixTimeSeconds(seconds),
            string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) =>
                time,
            _ => throw Failed(value, "google.protobuf.Timestamp"),
        };

    public static object Duration(object? value) =>
        value switch
        {
            TimeSpan duration => duration,
            string text when GoDuration.TryParse(text, out var duration) => duration,
            _ => throw Failed(value, "google.protobuf.Duration"),
        };

    private static CelException Failed(object? value, string type) =>
        value is string ? new($"type conversion error from 'string' to '{type}'") : CelException.NoOverload();
}

using System.Text.RegularExpressions;

namespace Darq.Sidecar.Routing;

/// <summary>The functions, by name and by the number of their arguments; a method's first argument is what it is called on.</summary>
internal static class CelFunctions
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<(string Name, int Arguments), Func<object?[], object?>> Free = new()
    {
        [("size", 1)] = static values => Size(values[0]),
        [("matches", 2)] = static values => Matches(values),
        [("int", 1)] = static values => CelConversions.Int(values[0]),
        [("uint", 1)] = static values => CelConversions.UInt(values[0]),
        [("double", 1)] = static values => CelConversions.Double(values[0]),
        [("string", 1)] = static values => CelConversions.Text(values[0]),
        [("bytes", 1)] = static values => CelConversions.Bytes(values[0]),
        [("bool", 1)] = static values => CelConversions.Bool(values[0]),
        [("timestamp", 1)] = static values => CelConversions.Timestamp(values[0]),
        [("duration", 1)] = static values => CelConversions.Duration(values[0]),
        [("type", 1)] = static values => CelValues.TypeOf(values[0]),
        [("dyn", 1)] = static values => values[0],
    };

    private static readonly Dictionary<(string Name, int Arguments), Func<object?[], object?>> Methods = new()
    {
        [("size", 1)] = static values => Size(values[0]),
        [("matches", 2)] = static values => Matches(values),
        [("startsWith", 2)] = static values => Texts(values) is var (text, part) && text.StartsWith(part, StringComparison.Ordinal),
        [("endsWith", 2)] = static values => Texts(values) is var (text, part) && text.EndsWith(part, StringComparison.Ordinal),
        [("contains", 2)] = static values => Texts(values) is var (text, part) && text.Contains(part, StringComparison.Ordinal),
        [("getFullYear", 1)] = static values => (long)Time(values).Year,
        [("getMonth", 1)] = static values => Time(values).Month - 1L,
        [("getDate", 1)] = static values => (long)Time(values).Day,
        [("getDayOfMonth", 1)] = static values => Time(values).Day - 1L,
        [("getDayOfWeek", 1)] = static values => (long)Time(values).DayOfWeek,
        [("getDayOfYear", 1)] = static values => Time(values).DayOfYear - 1L,
        [("getHours", 1)] = static values => values[0] is TimeSpan duration ? (long)duration.TotalHours : Time(values).Hour,
        [("getMinutes", 1)] = static values => values[0] is TimeSpan duration ? (long)duration.TotalMinutes : Time(values).Minute,
        [("getSeconds", 1)] = static values => values[0] is TimeSpan duration ? (long)duration.TotalSeconds : Time(values).Second,
        [("getMilliseconds", 1)] = static values => values[0] is TimeSpan duration ? duration.Milliseconds : (long)Time(values).Millisecond,
    };

    /// <summary>
    /// Null if no function has this name, whatever its arguments. Throws <see cref="CelException"/> if there is one that is called in
    /// another way.
    /// </summary>
    public static Func<object?[], object?>? Find(string name, int arguments, bool isMethod)
    {
        if ((isMethod ? Methods : Free).TryGetValue((name, arguments), out var function))
        {
            return function;
        }

        return Free.Keys.Concat(Methods.Keys).Any(key => key.Name == name)
            ? throw new CelException($"found no matching overload for '{name}'")
            : null;
    }

    private static long Size(object? value) =>
        value switch
        {
            string text => text.EnumerateRunes().Count(),
            byte[] bytes => bytes.Length,
            object?[] list => list.Length,
            Dictionary<object, object?> map => map.Count,
            _ => throw CelException.NoOverload(),
        };

    private static bool Matches(object?[] values)
    {
        var (text, pattern) = Texts(values);
        return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternTimeout);
    }

    private static (string Text, string Part) Texts(object?[] values) =>
        values is [string text, string part] ? (text, part) : throw CelException.NoOverload();

    private static DateTime Time(object?[] values) => values[0] is DateTimeOffset time ? time.UtcDateTime : throw CelException.NoOverload();
}

using System.Text.Json;

namespace Darq.Sidecar.Routing;

/// <summary>A type as a value, which <c>type()</c> gives and names such as <c>double</c> stand for.</summary>
internal sealed record CelType(string Name);

/// <summary>What values are: where they come from, when they are equal, which is the greater one.</summary>
internal static class CelValues
{
    public static object? Of(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => element.GetDouble(),
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Array => element.EnumerateArray().Select(Of).ToArray(),
            JsonValueKind.Object => OfObject(element),
            _ => null,
        };

    /// <summary>Numbers are equal by value whatever their types; values of other types than each other are not.</summary>
    public static bool Same(object? left, object? right) =>
        (left, right) switch
        {
            (object?[] a, object?[] b) => a.Length == b.Length && a.Zip(b).All(pair => Same(pair.First, pair.Second)),
            (Dictionary<object, object?> a, Dictionary<object, object?> b) => a.Count == b.Count
                && a.All(member => TryFind(b, member.Key, out var value) && Same(member.Value, value)),
            (byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b),
            _ when IsNumber(left) && IsNumber(right) => Order(left, right) == 0,
            _ => Equals(left, right),
        };

    public static int Order(object? left, object? right) =>
        (left, right) switch
        {
            (long a, long b) => a.CompareTo(b),
            (ulong a, ulong b) => a.CompareTo(b),
            (long a, ulong b) => a < 0 ? -1 : ((ulong)a).CompareTo(b),
            (ulong a, long b) => b < 0 ? 1 : a.CompareTo((ulong)b),
            _ when IsNumber(left) && IsNumber(right) => Double(left).CompareTo(Double(right)),
            (string a, string b) => string.CompareOrdinal(a, b),
            (bool a, bool b) => a.CompareTo(b),
            (byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b),
            (DateTimeOffset a, DateTimeOffset b) => a.CompareTo(b),
            (TimeSpan a, TimeSpan b) => a.CompareTo(b),
            _ => throw CelException.NoOverload(),
        };

    public static bool Contains(object? container, object? item) =>
        container switch
        {
            object?[] list => list.Any(value => Same(value, item)),
            Dictionary<object, object?> map => item is not null && TryFind(map, item, out _),
            _ => throw CelException.NoOverload(),
        };

    public static object? Item(object? owner, object? index)
    {
        if (owner is object?[] list && IsNumber(index))
        {
            var at = Double(index);
            return double.IsInteger(at) && at >= 0 && at < list.Length
                ? list[(int)at]
                : throw new CelException($"index out of bounds: {at}");
        }

        if (owner is not Dictionary<object, object?> map || index is null)
        {
            throw CelException.NoOverload();
        }

        return TryFind(map, index, out var value) ? value : throw new CelException($"no such key: {index}");
    }

    public static bool Has(object? owner, string name) =>
        owner is Dictionary<object, object?> map ? map.ContainsKey(name) : throw CelException.NoOverload();

    public static CelType TypeOf(object? value) =>
        new(
            value switch
            {
                null => "null_type",
                bool => "bool",
                long => "int",
                ulong => "uint",
                double => "double",
                string => "string",
                byte[] => "bytes",
                object?[] => "list",
                DateTimeOffset => "google.protobuf.Timestamp",
                TimeSpan => "google.protobuf.Duration",
                CelType => "type",
                _ => "map",
            }
        );

    private static Dictionary<object, object?> OfObject(JsonElement element)
    {
        var map = new Dictionary<object, object?>();
        foreach (var member in element.EnumerateObject())
        {
            map[member.Name] = Of(member.Value);
        }

        return map;
    }

    private static bool TryFind(Dictionary<object, object?> map, object key, out object? value)
    {
        if (map.TryGetValue(key, out value))
        {
            return true;
        }

        // Also a number of another type finds its key.
        var same = IsNumber(key) ? map.Keys.FirstOrDefault(other => Same(other, key)) : null;
        return same is not null && map.TryGetValue(same, out value);
    }

    private static bool IsNumber(object? value) => value is long or ulong or double;

    private static double Double(object? value) =>
        value switch
        {
            long number => number,
            ulong number => number,
            double number => number,
            _ => throw CelException.NoOverload(),
        };
}

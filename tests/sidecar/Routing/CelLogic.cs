using System.Text.Json;
using System.Text.RegularExpressions;

namespace Darq.Sidecar.Routing;

/// <summary>The operators and functions of rule expressions, with CEL's rules: no conversions, a missing field is an error.</summary>
internal static class CelLogic
{
    /// <summary><c>||</c> and <c>&amp;&amp;</c>: one decisive side settles the result even when the other side fails.</summary>
    public static bool Either(CelNode left, CelNode right, JsonElement @event, bool decisive)
    {
        CelException? failure = null;
        foreach (var side in (CelNode[])[left, right])
        {
            try
            {
                if (side(@event) is not bool value)
                {
                    throw new CelException("no such overload");
                }

                if (value == decisive)
                {
                    return decisive;
                }
            }
            catch (CelException fault)
            {
                failure ??= fault;
            }
        }
        return failure is null ? !decisive : throw failure;
    }

    public static bool Compare(string symbol, object? left, object? right)
    {
        if (symbol is "==" or "!=")
        {
            return Same(left, right) == (symbol == "==");
        }

        var order = (left, right) switch
        {
            (double a, double b) => a.CompareTo(b),
            (string a, string b) => string.CompareOrdinal(a, b),
            (bool a, bool b) => a.CompareTo(b),
            _ => throw new CelException("no such overload"),
        };
        return symbol switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    public static bool Contains(object? container, object? item) =>
        container switch
        {
            object?[] list => list.Any(value => Same(value, item)),
            JsonElement { ValueKind: JsonValueKind.Array } array => array.EnumerateArray().Any(value => Same(Value(value), item)),
            JsonElement { ValueKind: JsonValueKind.Object } map when item is string name => map.TryGetProperty(name, out _),
            _ => throw new CelException("no such overload"),
        };

    public static object? Field(object? owner, string name)
    {
        if (owner is not JsonElement { ValueKind: JsonValueKind.Object } element)
        {
            throw new CelException("no such overload");
        }

        return element.TryGetProperty(name, out var value) ? Value(value) : throw new CelException("no such key: " + name);
    }

    public static object? Item(object? owner, object? index) =>
        (owner, index) switch
        {
            (JsonElement, string name) => Field(owner, name),
            (JsonElement { ValueKind: JsonValueKind.Array } array, double at) => at >= 0 && at < array.GetArrayLength()
                ? Value(array[(int)at])
                : throw new CelException($"index out of bounds: {at}"),
            _ => throw new CelException("no such overload"),
        };

    public static double Size(object? value) =>
        value switch
        {
            string text => text.EnumerateRunes().Count(),
            object?[] list => list.Length,
            JsonElement { ValueKind: JsonValueKind.Array } array => array.GetArrayLength(),
            JsonElement { ValueKind: JsonValueKind.Object } map => map.EnumerateObject().Count(),
            _ => throw new CelException("no such overload"),
        };

    public static bool IsMethod(string name, int arguments) =>
        name is "startsWith" or "endsWith" or "contains" or "matches" ? arguments == 1 : name == "size" && arguments == 0;

    public static object Call(string name, object? owner, object?[] arguments) =>
        (name, owner, arguments) switch
        {
            ("size", _, []) => Size(owner),
            ("startsWith", string text, [string part]) => text.StartsWith(part, StringComparison.Ordinal),
            ("endsWith", string text, [string part]) => text.EndsWith(part, StringComparison.Ordinal),
            ("contains", string text, [string part]) => text.Contains(part, StringComparison.Ordinal),
            ("matches", string text, [string pattern]) => Regex.IsMatch(
                text,
                pattern,
                RegexOptions.CultureInvariant,
                TimeSpan.FromSeconds(1)
            ),
            _ => throw new CelException("no such overload"),
        };

    private static bool Same(object? left, object? right) =>
        (left, right) switch
        {
            (JsonElement a, JsonElement b) => JsonElement.DeepEquals(a, b),
            _ => Equals(left, right),
        };

    private static object? Value(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => element.GetDouble(),
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Null => null,
            _ => element,
        };
}

using System.Globalization;
using Darq.Sidecar.Events;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Darq.Sidecar.Resources;

/// <summary>Walks a YAML document by member names; what is absent is null or empty, as in Go's decoded structs.</summary>
internal static class YamlReading
{
    public static YamlNode? At(this YamlNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            node = node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var child) ? child : null;
        }

        return node;
    }

    public static string? Text(this YamlNode? node, params ReadOnlySpan<string> path) => (node.At(path) as YamlScalarNode)?.Value;

    public static IEnumerable<YamlNode> Items(this YamlNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is YamlSequenceNode list ? list.Children : [];

    public static Dictionary<string, string> Map(this YamlNode? node, params ReadOnlySpan<string> path)
    {
        var result = new Dictionary<string, string>();
        if (node.At(path) is YamlMappingNode map)
        {
            foreach (var (key, value) in map.Children)
            {
                result[((YamlScalarNode)key).Value ?? ""] = (value as YamlScalarNode)?.Value ?? "";
            }
        }

        return result;
    }

    /// <summary>A scalar as it is written, anything else as compact JSON with sorted keys.</summary>
    public static string Json(this YamlNode node) => node is YamlScalarNode scalar ? scalar.Value ?? "" : Compact(node);

    private static string Compact(YamlNode? node) =>
        node switch
        {
            YamlMappingNode map => $"{{{string.Join(",", map.Children.OrderBy(Key, StringComparer.Ordinal).Select(Member))}}}",
            YamlSequenceNode list => $"[{string.Join(",", list.Children.Select(Compact))}]",
            YamlScalarNode { Style: ScalarStyle.Plain } plain when IsLiteral(plain.Value) => plain.Value is null or "" or "~"
                ? "null"
                : plain.Value,
            YamlScalarNode text => GoJson.Quote(text.Value ?? ""),
            _ => "null",
        };

    private static string Member(KeyValuePair<YamlNode, YamlNode> member) => $"{GoJson.Quote(Key(member))}:{Compact(member.Value)}";

    private static string Key(KeyValuePair<YamlNode, YamlNode> member) => (member.Key as YamlScalarNode)?.Value ?? "";

    private static bool IsLiteral(string? text) =>
        text is null or "" or "~" or "null" or "true" or "false"
        || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}

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
}

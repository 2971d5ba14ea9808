using Darq.Tests.Shared;
using YamlDotNet.RepresentationModel;

namespace Darq.Tests.Unit.Install;

/// <summary>Reads YAML of the repository; what is absent is null or empty.</summary>
internal static class YamlFile
{
    public static IReadOnlyList<YamlNode> Read(string path) => Parse(File.ReadAllText(Repository.PathOf(path)));

    public static IReadOnlyList<YamlNode> Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(document => document.RootNode)];
    }

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

    /// <summary>A list of scalars.</summary>
    public static string[] Texts(this YamlNode? node, params ReadOnlySpan<string> path) =>
        [.. node.Items(path).Select(item => ((YamlScalarNode)item).Value!)];

    public static IEnumerable<(string Name, YamlNode Value)> Members(this YamlNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is YamlMappingNode map ? map.Children.Select(member => (((YamlScalarNode)member.Key).Value!, member.Value)) : [];
}

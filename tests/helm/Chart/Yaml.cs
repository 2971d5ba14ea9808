using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Darq.Tests.Helm.Chart;

/// <summary>
/// Reads YAML as Kubernetes does, and refuses what readers of YAML take for different things: words such as <c>on</c>, numbers with a zero
/// in front, keys that come twice.
/// </summary>
internal static partial class Yaml
{
    public static IReadOnlyList<JsonNode?> Read(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(document => Node(document.RootNode))];
    }

    private static JsonNode? Node(YamlNode node) =>
        node switch
        {
            YamlMappingNode map => new JsonObject(map.Children.Select(child => KeyValuePair.Create(Key(child.Key), Node(child.Value)))),
            YamlSequenceNode list => new JsonArray([.. list.Children.Select(Node)]),
            YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value!),
            YamlScalarNode quoted => JsonValue.Create(quoted.Value),
            _ => throw new FormatException($"{node} is of an unknown kind."),
        };

    private static string Key(YamlNode node) =>
        Node(node) is JsonValue key && key.TryGetValue<string>(out var text)
            ? text
            : throw new FormatException($"The key {node} is not text.");

    private static JsonValue? Plain(string text) =>
        text switch
        {
            "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when Ambiguous().IsMatch(text) => throw new FormatException($"{text} is read in different ways; put it in quotes."),
            _ when Integer().IsMatch(text) => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture)),
            _ when Fraction().IsMatch(text) => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
            _ => JsonValue.Create(text),
        };

    [GeneratedRegex(
        "^[-+]?0[0-9_xob]|^[0-9]+(:[0-5]?[0-9])+$|^[-+]?[0-9]+_[0-9_]*$|^(y|n|yes|no|on|off|true|false|null)$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Ambiguous();

    [GeneratedRegex("^[-+]?(0|[1-9][0-9]*)$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$|^[-+]?[0-9]+[eE][-+]?[0-9]+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Fraction();
}

using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Replaces what differs from run to run (ids, times, ports, folders) by the names that the recordings use.</summary>
internal sealed partial class NormalForm
{
    private const int LongestText = 4096;
    private const int KeptOfLonger = 64;
    private readonly List<(Regex Real, string Name)> _places = [];

    /// <summary>Names a port; it is left alone inside of longer numbers.</summary>
    public void AddPort(int port, string name) => _places.Add((new($@"(?<!\d){port}(?!\d)", RegexOptions.CultureInvariant), name));

    public void AddFolder(string path, string name) => _places.Add((new(Regex.Escape(path), RegexOptions.CultureInvariant), name));

    public JsonObject Of(JsonObject line) => (JsonObject)OfNode(line)!;

    private JsonNode? OfNode(JsonNode? node) =>
        node switch
        {
            JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, OfNode(member.Value)))),
            JsonArray items => new JsonArray([.. items.Select(OfNode)]),
            JsonValue value when value.TryGetValue<string>(out var text) => OfText(text),
            _ => node?.DeepClone(),
        };

    private string OfText(string text)
    {
        foreach (var (real, name) in _places)
        {
            text = real.Replace(text, name);
        }

        text = Id().Replace(text, "<uuid>");
        text = Trace().Replace(text, "<traceparent>");
        text = Time().Replace(text, "<time>");
        text = Features().Replace(text, "\"enabledFeatures\":[]");
        text = Version().Replace(text, "$1\"1.18.3\"");
        text = Address().Replace(text, "<address>");
        return text.Length > LongestText
            ? string.Create(CultureInfo.InvariantCulture, $"{text[..KeptOfLonger]}… <{text.Length} characters>")
            : text;
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();

    [GeneratedRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")]
    private static partial Regex Trace();

    [GeneratedRegex(@"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")]
    private static partial Regex Time();

    [GeneratedRegex("\"enabledFeatures\":\\[[^\\]]*\\]")]
    private static partial Regex Features();

    // A daprd that DAPRD names may be another one than was recorded.
    [GeneratedRegex("(\"(?:runtimeVersion|daprRuntimeVersion)\":)\"[^\"]*\"")]
    private static partial Regex Version();

    [GeneratedRegex(@"(127\.0\.0\.1|localhost|\[::1\]):[0-9]{4,5}")]
    private static partial Regex Address();
}

namespace Darq.Engine.Telemetry;

/// <summary>What a measurement is about. Empty parts are no labels.</summary>
internal sealed class MetricLabels(string @namespace, string group = "", string topic = "")
{
    public string Namespace { get; } = @namespace;

    public string Group { get; } = group;

    public string Topic { get; } = topic;

    public KeyValuePair<string, object?>[] Tags { get; } = TagsOf(("namespace", @namespace), ("group", group), ("topic", topic));

    public KeyValuePair<string, object?>[] With(string name, string value) => [.. Tags, new(name, value)];

    private static KeyValuePair<string, object?>[] TagsOf(params (string Name, string Value)[] parts) =>
        [.. parts.Where(part => part.Value.Length > 0).Select(part => new KeyValuePair<string, object?>(part.Name, part.Value))];
}

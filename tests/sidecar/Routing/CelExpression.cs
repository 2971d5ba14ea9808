using System.Text.Json;

namespace Darq.Sidecar.Routing;

/// <summary>Computes a part of an expression for an event. Values are null, bool, double, string, or a JSON object or array.</summary>
internal delegate object? CelNode(JsonElement @event);

/// <summary>
/// A rule's <c>match</c>: the part of the Common Expression Language that route rules use. Comparisons, <c>&amp;&amp; || !</c>,
/// <c>in</c>, fields by dot or index, string functions, <c>size</c>, <c>has</c>. Anything else is refused when the subscription is read.
/// </summary>
internal sealed class CelExpression(string source)
{
    private readonly CelNode _root = new CelParser(source).Parse();

    public string Source { get; } = source;

    public bool Matches(JsonElement @event) =>
        _root(@event) is bool yes ? yes : throw new CelException("invalid expression, must return bool");
}

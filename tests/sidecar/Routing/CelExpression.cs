using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Routing;

/// <summary>
/// Computes a part of an expression. Values are null, bool, long, ulong, double, string, byte[], a list, a map, a time, a duration or a
/// <see cref="CelType"/>.
/// </summary>
internal delegate object? CelNode(CelScope scope);

/// <summary>
/// A rule's <c>match</c> in the Common Expression Language, as daprd understands it: the event's numbers are doubles, and what is not a
/// variable is asked for only when the rule runs. Throws <see cref="CelException"/> for what cannot be read, and
/// <see cref="StartException"/> for what daprd would read without end.
/// </summary>
internal sealed class CelExpression(string source)
{
    private readonly CelNode _root = new CelParser(source.Trim()).Parse();

    public string Source { get; } = source;

    /// <summary>Whether the rule holds for an event, which comes as a map.</summary>
    public bool Matches(object? @event) =>
        _root(new("event", @event)) is bool yes
            ? yes
            : throw new CelException($"the result of match expression {Source} was not a boolean");
}

namespace Darq.Sidecar.Routing;

/// <summary>The variables of an expression: the event, and in front of it those of the macros around the current place.</summary>
internal sealed record CelScope(string Name, object? Value, CelScope? Outer = null)
{
    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.Name == name)
            {
                return scope.Value;
            }
        }

        throw new CelException("no such attribute(s): " + name);
    }
}

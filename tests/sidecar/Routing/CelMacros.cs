namespace Darq.Sidecar.Routing;

/// <summary>The methods whose last arguments are computed for every item of a list, or for every key of a map.</summary>
internal static class CelMacros
{
    /// <summary>Null if no macro has this name and this many arguments, the variable being the first.</summary>
    public static CelNode? Find(string name, CelNode owner, string variable, CelNode[] bodies) =>
        (name, bodies) switch
        {
            ("all", [var body]) => scope => CelOperators.Decide(Each(scope, owner, variable, body), decisive: false),
            ("exists", [var body]) => scope => CelOperators.Decide(Each(scope, owner, variable, body), decisive: true),
            ("exists_one", [var body]) => scope => Scopes(scope, owner, variable).Count(item => IsTrue(body(item))) == 1,
            ("filter", [var body]) => scope =>
                Scopes(scope, owner, variable).Where(item => IsTrue(body(item))).Select(item => item.Value).ToArray(),
            ("map", [var body]) => scope => Scopes(scope, owner, variable).Select(item => body(item)).ToArray(),
            ("map", [var condition, var body]) => scope =>
                Scopes(scope, owner, variable).Where(item => IsTrue(condition(item))).Select(item => body(item)).ToArray(),
            _ => null,
        };

    public static bool IsName(string name) => name is "all" or "exists" or "exists_one" or "filter" or "map";

    private static IEnumerable<Func<object?>> Each(CelScope scope, CelNode owner, string variable, CelNode body) =>
        Scopes(scope, owner, variable).Select(item => (Func<object?>)(() => body(item)));

    private static IEnumerable<CelScope> Scopes(CelScope scope, CelNode owner, string variable)
    {
        var items = owner(scope) switch
        {
            object?[] list => list,
            Dictionary<object, object?> map => [.. map.Keys],
            _ => throw CelException.NoOverload(),
        };
        return items.Select(item => new CelScope(variable, item, scope));
    }

    private static bool IsTrue(object? value) => value is bool yes ? yes : throw CelException.NoOverload();
}

using System.Text.Json;

namespace Darq.Sidecar.Routing;

/// <summary>One way an event may go: to <paramref name="Path"/> if <paramref name="Match"/> holds; without a match, always.</summary>
internal sealed record RouteRule(CelExpression? Match, string Path)
{
    /// <summary>Throws as <see cref="CelExpression"/> does; a match of blanks is none.</summary>
    public static RouteRule Of(string match, string path) => new(string.IsNullOrWhiteSpace(match) ? null : new(match), path);
}

/// <summary>The rules of a subscription in the order they are tried. An empty list means that every event is acknowledged unseen.</summary>
internal sealed class Routes(IReadOnlyList<RouteRule> rules)
{
    public IReadOnlyList<RouteRule> Rules { get; } = rules;

    /// <summary>The path for an event, or null when no rule matches. Throws <see cref="CelException"/>.</summary>
    public string? PathFor(JsonElement @event)
    {
        object? map = null;
        foreach (var rule in Rules)
        {
            if (rule.Match is null || rule.Match.Matches(map ??= CelValues.Of(@event)))
            {
                return rule.Path;
            }
        }

        return null;
    }
}

using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the readiness of an app whose work depends on its sidecar.</summary>
public static class DarqHealthExtensions
{
    /// <summary>
    /// Maps a readiness probe: 200 when the sidecar answers and has the components that the options name, else 503; why is one line in
    /// the log of the health checks, at each poll. An answer that takes over 10 seconds is none. Not for a liveness probe, and not for
    /// Dapr's app health check: both would end an app for its sidecar's fault.
    /// </summary>
    /// <param name="endpoints">The app, or a group of its routes.</param>
    /// <param name="pattern">The path, such as <c>/ready</c>.</param>
    /// <exception cref="InvalidOperationException"><c>AddDarq</c> was not called.</exception>
    public static IEndpointConventionBuilder MapDarqHealth(this IEndpointRouteBuilder endpoints, string pattern)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return endpoints.MapHealthChecks(
            pattern,
            new HealthCheckOptions { Predicate = check => check.Name == DarqServiceCollectionExtensions.HealthCheckName }
        );
    }
}

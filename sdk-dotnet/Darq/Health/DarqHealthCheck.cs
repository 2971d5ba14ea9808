using Dapr;
using Darq.Sidecar;
using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Darq.Health;

/// <summary>Whether the sidecar is there and has the components that the options name, of the types that steps need.</summary>
internal sealed class DarqHealthCheck(ISidecar sidecar, IOptions<DarqOptions> options, TimeProvider time) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<(string Name, string Type)> components;
        try
        {
            components = await CallTime
                .LimitAsync("The question for its components", sidecar.ComponentsAsync, time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Without the exception: probes ask every few seconds while the sidecar starts, and each stack trace would look like a fault.
            // What is no call's failure is a fault of the app.
            return failure is TimeoutException or RpcException or DaprException
                ? Bad(context, $"The sidecar does not answer: {OneLine(CallError.Of(failure).Text + CauseOf(failure))}")
                : new(context.Registration.FailureStatus, $"The sidecar was not asked: {OneLine(failure.Message)}", failure);
        }

        var settings = options.Value;
        var missing = Missing(components, nameof(settings.PubSub), settings.PubSub, "pubsub.darq")
            .Concat(Missing(components, nameof(settings.StateStore), settings.StateStore, "state.darq"))
            .Concat(settings.Binding is { } binding ? Missing(components, nameof(settings.Binding), binding, "bindings.darq") : [])
            .ToArray();
        return missing.Length == 0 ? HealthCheckResult.Healthy() : Bad(context, string.Join(' ', missing));
    }

    private static IEnumerable<string> Missing(
        IReadOnlyList<(string Name, string Type)> components,
        string option,
        string name,
        string type
    )
    {
        var found = components.FirstOrDefault(component => component.Name == name);
        if (found.Name is null)
        {
            yield return $"The sidecar has no component {name} (Darq:{option}); accepted: one of type {type}.";
        }
        else if (!found.Type.StartsWith(type[..(type.IndexOf('.') + 1)], StringComparison.Ordinal))
        {
            yield return $"The component {name} (Darq:{option}) is of type {found.Type}; accepted: {type}.";
        }
    }

    /// <summary>What the client knows beyond its status, such as the address that refuses a connection.</summary>
    private static string CauseOf(Exception failure) =>
        (failure as RpcException ?? failure.InnerException as RpcException)?.Status.DebugException is { } cause ? $" {cause.Message}" : "";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static HealthCheckResult Bad(HealthCheckContext context, string text) => new(context.Registration.FailureStatus, text);
}

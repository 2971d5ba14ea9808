using Microsoft.Extensions.Hosting;

namespace Darq.AspNetCore.Subscriptions;

/// <summary>
/// Looks at all subscriptions when the app has started. The sidecar takes one for each topic and ignores others, so that a handler would
/// never be called.
/// </summary>
internal sealed class SubscriptionCheck(StepEndpoints steps) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        HashSet<(string PubSub, string Topic)> seen = [.. steps.Others];
        Dictionary<string, StepSubscription> routes = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (subscription, route) in steps.All)
        {
            if (!seen.Add((subscription.PubSub, subscription.Topic)))
            {
                throw new InvalidOperationException(
                    $"The topic {subscription.Topic} of {subscription.PubSub} has two handlers; accepted: one MapStep, or one endpoint "
                        + "with [Topic] or WithTopic."
                );
            }

            if (!routes.TryAdd(route, subscription))
            {
                throw new InvalidOperationException(
                    $"The topic {subscription.Topic} of {subscription.PubSub} has the route of that of {routes[route].PubSub}, {route}; "
                        + $"accepted: one of them in a group of routes, as in app.MapGroup(\"/{subscription.PubSub}\").MapStep(…), and "
                        + "a consumerID of its own for its component, because one group shares its messages among its routes."
                );
            }
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

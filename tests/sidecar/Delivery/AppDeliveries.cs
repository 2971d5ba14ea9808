using Darq.Sidecar.Components;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Delivery;

/// <summary>Everything that flows to the app: asks it what it wants once it is up, opens the streams, and drains them at the end.</summary>
internal sealed class AppDeliveries(
    ComponentRegistry components,
    AppChannel app,
    IReadOnlyList<SubscriptionManifest> declared,
    bool concurrent
) : IDisposable
{
    private readonly List<PullLoop> _pulls = [];
    private readonly List<InputLoop> _inputs = [];

    /// <summary>The subscriptions in force, as /v1.0/metadata shows them.</summary>
    public IReadOnlyList<SubscriptionManifest> Subscriptions { get; private set; } = declared;

    public async Task StartAsync(CancellationToken cancellation)
    {
        await app.WaitForPortAsync(cancellation);
        await app.AskAsync(HttpMethod.Get, "/dapr/config", cancellation);
        if (components.PubSubs.Count > 0)
        {
            Subscriptions = AppSubscriptions.Merge(Subscriptions, await AppSubscriptions.AskAsync(app, cancellation));
        }

        foreach (var subscription in Subscriptions)
        {
            await SubscribeAsync(subscription);
        }

        foreach (var binding in components.Inputs)
        {
            await ReadAsync(binding, cancellation);
        }
    }

    public Task StopAsync() => Task.WhenAll([.. _pulls.Select(pull => pull.StopAsync()), .. _inputs.Select(input => input.StopAsync())]);

    public void Dispose()
    {
        _pulls.ForEach(pull => pull.Dispose());
        _inputs.ForEach(input => input.Dispose());
    }

    private async Task SubscribeAsync(SubscriptionManifest subscription)
    {
        if (!components.PubSubs.TryGetValue(subscription.PubSub, out var pubSub))
        {
            SidecarLog.Error($"subscription to topic {subscription.Topic}: pubsub {subscription.PubSub} is not found");
            return;
        }
        if (!pubSub.Scopes.MaySubscribe(subscription.Topic))
        {
            SidecarLog.Warn($"subscription to topic '{subscription.Topic}' on pubsub '{subscription.PubSub}' is not allowed");
            return;
        }
        var pull = new PullLoop(pubSub, subscription, new TopicDelivery(pubSub, subscription, app), concurrent);
        _pulls.Add(pull);
        await pull.StartAsync();
        SidecarLog.Info($"app is subscribed to topic {subscription.Topic} on {subscription.PubSub}");
    }

    private async Task ReadAsync(InputBindingComponent binding, CancellationToken cancellation)
    {
        if (!binding.IsExplicit)
        {
            var answer = await app.AskAsync(HttpMethod.Options, "/" + binding.Route.TrimStart('/'), cancellation);
            if (!answer.IsSuccess && answer.Status != 405)
            {
                SidecarLog.Info($"app has not subscribed to binding {binding.Name}");
                return;
            }
        }
        var input = new InputLoop(binding, app);
        _inputs.Add(input);
        input.Start();
    }
}

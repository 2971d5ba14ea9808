using Darq.Sidecar.Apps;
using Darq.Sidecar.Components;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Delivery;

/// <summary>Everything that flows to the app: asks it what it wants once it is up, opens the streams, and drains them at the end.</summary>
internal sealed class AppDeliveries(ComponentRegistry components, IApp app, IReadOnlyList<SubscriptionManifest> declared, bool concurrent)
    : IDisposable
{
    private readonly List<PullLoop> _pulls = [];
    private readonly List<InputLoop> _inputs = [];

    /// <summary>The subscriptions in force, as /v1.0/metadata shows them.</summary>
    public IReadOnlyList<SubscriptionManifest> Subscriptions { get; private set; } = declared;

    public async Task StartAsync(CancellationToken cancellation)
    {
        await app.WaitUntilUpAsync(cancellation);
        if (components.PubSubs.Count > 0)
        {
            Subscriptions = SubscriptionList.Merge(Subscriptions, await app.SubscriptionsAsync(cancellation));
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
        IDelivery delivery = subscription.Bulk is { } bulk
            ? new BulkDelivery(pubSub, subscription, bulk, app)
            : new TopicDelivery(pubSub, subscription, app);
        var pull = new PullLoop(pubSub, subscription, delivery, concurrent);
        _pulls.Add(pull);
        await pull.StartAsync();
        SidecarLog.Info($"app is subscribed to topic {subscription.Topic} on {subscription.PubSub}");
    }

    private async Task ReadAsync(InputBindingComponent binding, CancellationToken cancellation)
    {
        if (!binding.IsExplicit && !await app.WantsAsync(binding, cancellation))
        {
            SidecarLog.Info($"app has not subscribed to binding {binding.Name}");
            return;
        }

        var input = new InputLoop(binding, app, new(components));
        _inputs.Add(input);
        input.Start();
    }
}

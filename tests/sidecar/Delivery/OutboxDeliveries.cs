using Darq.Sidecar.Components;
using Darq.Sidecar.Operations;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// The second half of outboxes: one stream for each store that has one, from its internal topic to the topic of its events.
/// </summary>
internal sealed class OutboxDeliveries(ComponentRegistry components, Outboxes outboxes, bool concurrent) : IDisposable
{
    private readonly List<PullLoop> _pulls = [];

    public async Task StartAsync()
    {
        foreach (var store in outboxes.Stores)
        {
            var outbox = store.Outbox!;
            if (
                !components.PubSubs.TryGetValue(outbox.InternalPubSub, out var source)
                || !components.PubSubs.TryGetValue(outbox.PubSub, out var target)
            )
            {
                SidecarLog.Error($"the outbox of state store {store.Name} names a pubsub that is not there");
                continue;
            }

            var subscription = new SubscriptionManifest(
                source.Name,
                outboxes.InternalTopic(outbox),
                "",
                new Dictionary<string, string>(),
                new([]),
                SubscriptionOrigin.Declarative
            );
            var pull = new PullLoop(source, subscription, new OutboxDelivery(store, outbox, source, target), concurrent);
            _pulls.Add(pull);
            await pull.StartAsync();
        }
    }

    public Task StopAsync() => Task.WhenAll(_pulls.Select(pull => pull.StopAsync()));

    public void Dispose() => _pulls.ForEach(pull => pull.Dispose());
}

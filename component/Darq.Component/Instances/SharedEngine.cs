using Darq.Engine.Connection;
using Darq.Engine.Subscriptions;

namespace Darq.Component.Instances;

/// <summary>Shared by the instances on one Redis and namespace: the primary with its batch queue, and the subscriptions.</summary>
internal sealed class SharedEngine(Primary primary, SubscriptionTable subscriptions) : IAsyncDisposable
{
    public Primary Primary { get; } = primary;

    public SubscriptionTable Subscriptions { get; } = subscriptions;

    /// <summary>Subscriptions first, so that their last acks are still sent; then the queue and the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await Subscriptions.DisposeAsync();
        await Primary.DisposeAsync();
    }
}

using Darq.Engine.Connection;
using Darq.Engine.Subscriptions;

namespace Darq.Component.Instances;

/// <summary>What the instances on one Redis and namespace share: the primary with its batch queue, and the lanes held through it.</summary>
internal sealed class SharedEngine(Primary primary, SubscriptionTable subscriptions) : IAsyncDisposable
{
    public Primary Primary { get; } = primary;

    public SubscriptionTable Subscriptions { get; } = subscriptions;

    /// <summary>Streams first, so that what they were answered is still passed; then the queue and the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await Subscriptions.DisposeAsync();
        await Primary.DisposeAsync();
    }
}

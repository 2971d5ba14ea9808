using Darq.Engine.Connection;
using Darq.Engine.Subscriptions;

namespace Darq.Component.Instances;

/// <summary>Shared by the instances on one Redis and namespace: the primary with its batch queue, and the subscriptions.</summary>
/// <param name="primary">Where it works.</param>
/// <param name="subscriptions">Of that primary.</param>
/// <param name="placeOfOther">Where a session of another engine of this process works; null where there is none.</param>
internal sealed class SharedEngine(Primary primary, SubscriptionTable subscriptions, Func<string, string?> placeOfOther) : IAsyncDisposable
{
    public Primary Primary { get; } = primary;

    public SubscriptionTable Subscriptions { get; } = subscriptions;

    public Func<string, string?> PlaceOfOther { get; } = placeOfOther;

    /// <summary>Subscriptions first, so that their last acks are still sent; then the queue and the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await Subscriptions.DisposeAsync();
        await Primary.DisposeAsync();
    }
}

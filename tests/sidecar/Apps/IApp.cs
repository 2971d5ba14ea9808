using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Apps;

/// <summary>Who takes events one by one: an app that the sidecar calls, or a client that holds a stream open.</summary>
internal interface IEventTaker
{
    Task<Verdict> TakeAsync(ReceivedEvent received, string path, CancellationToken cancellation);
}

/// <summary>
/// The app beside this sidecar, whatever protocol it speaks. Nothing here throws for what an app or the network does.
/// </summary>
internal interface IApp : IEventTaker, IDisposable
{
    /// <summary>Returns when the app's port accepts connections and it has been asked for its configuration.</summary>
    Task WaitUntilUpAsync(CancellationToken cancellation);

    Task<IReadOnlyList<SubscriptionManifest>> SubscriptionsAsync(CancellationToken cancellation);

    /// <summary>Whether the app wants an input binding whose resource does not say so.</summary>
    Task<bool> WantsAsync(InputBindingComponent binding, CancellationToken cancellation);

    /// <summary>One verdict for each entry, in their order.</summary>
    Task<IReadOnlyList<Verdict>> TakeAsync(EventBulk bulk, CancellationToken cancellation);

    Task<BindingAnswer> TakeAsync(InputBindingComponent binding, ReadResponse message, CancellationToken cancellation);
}

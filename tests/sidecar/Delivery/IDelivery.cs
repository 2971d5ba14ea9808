using Darq.Protos;

namespace Darq.Sidecar.Delivery;

/// <summary>What becomes of a subscription's messages.</summary>
internal interface IDelivery
{
    /// <summary>Whether a stop waits for the messages that the app has in hand.</summary>
    bool IsAwaitedAtStop => true;

    /// <summary>
    /// Null for an acknowledgement, else the text of the negative one. Throws <see cref="OperationCanceledException"/> if the component
    /// is to hear nothing.
    /// </summary>
    Task<string?> DeliverAsync(PullMessagesResponse message, CancellationToken cancellation);
}

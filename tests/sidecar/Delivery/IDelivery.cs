using Darq.Protos;

namespace Darq.Sidecar.Delivery;

/// <summary>What becomes of a subscription's messages.</summary>
internal interface IDelivery
{
    /// <summary>Null for an acknowledgement, else the text of the negative one.</summary>
    Task<string?> DeliverAsync(PullMessagesResponse message, CancellationToken cancellation);
}

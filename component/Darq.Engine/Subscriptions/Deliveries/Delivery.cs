using Darq.Engine.Subscriptions.Reading;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// One attempt to hand one message to an app. <see cref="Token"/> names it and comes back with the answer;
/// <see cref="Topic"/> is the one subscribed to. What the app sees is made of it by an <see cref="Envelope"/>, when it is sent; to a
/// raw subscriber the data as it was published.
/// </summary>
internal sealed record Delivery(
    string Token,
    string Topic,
    Message Message,
    string MessageTopic,
    int Attempt,
    long WorldLine,
    bool IsRaw = false
)
{
    /// <summary>Whether the message was durable when it was handed over; null where that is not known.</summary>
    public bool? Durable { get; init; }
}

/// <summary>Where deliveries go: a pull stream or the read stream of a binding. One call at a time; waiting is back-pressure.</summary>
internal interface IDeliverySink
{
    ValueTask SendAsync(Delivery delivery, CancellationToken cancellation);
}

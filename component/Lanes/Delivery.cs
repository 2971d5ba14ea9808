namespace Darq.Lanes;

/// <summary>One attempt to hand one message to an app. <see cref="Token"/> names it and comes back with the answer.</summary>
internal sealed record Delivery(
    string Token,
    string Topic,
    ReadOnlyMemory<byte> Data,
    IReadOnlyList<KeyValuePair<string, string>> Metadata);

/// <summary>Where deliveries go: a pull stream or the read stream of a binding. One call at a time; waiting is back-pressure.</summary>
internal interface IDeliverySink
{
    ValueTask SendAsync(Delivery delivery, CancellationToken cancellation);
}

using System.Text;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>What an app sees of a delivery, for tests that take deliveries without a sidecar.</summary>
internal static class DeliveredContents
{
    extension(Delivery delivery)
    {
        public ReadOnlyMemory<byte> Data
        {
            get
            {
                var envelope = Filled(delivery);
                return (byte[])[.. envelope.DataHead, .. envelope.DataTail];
            }
        }

        public IReadOnlyList<KeyValuePair<string, string>> Metadata
        {
            get
            {
                var envelope = Filled(delivery);
                return
                [
                    .. envelope.OfPublisher,
                    .. Enumerable
                        .Range(0, Envelope.HeaderCount)
                        .Where(i => !envelope.Value(i).IsEmpty)
                        .Select(i =>
                            KeyValuePair.Create(Encoding.ASCII.GetString(Envelope.Header(i)), Encoding.ASCII.GetString(envelope.Value(i)))
                        ),
                ];
            }
        }
    }

    private static Envelope Filled(Delivery delivery)
    {
        var envelope = new Envelope();
        envelope.Fill(delivery);
        return envelope;
    }
}

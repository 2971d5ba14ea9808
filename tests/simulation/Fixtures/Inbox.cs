using System.Globalization;
using System.Text;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Simulation.Fixtures;

/// <summary>An app behind a stream, which answers what the test answers. Encodes each delivery, as the streams of a sidecar do.</summary>
internal sealed class Inbox : IDeliverySink
{
    private readonly List<Delivery> _deliveries = [];

    public DeliveryStream? Stream { get; set; }

    /// <summary>Off for what a test wants to take in though it cannot be encoded.</summary>
    public bool Encodes { get; init; } = true;

    /// <summary>Acknowledges what comes from now on.</summary>
    public bool Acknowledges { get; set; }

    public int Count => _deliveries.Count;

    public Delivery Last => _deliveries[^1];

    public IEnumerable<string> Texts => _deliveries.Select(delivery => Encoding.UTF8.GetString(delivery.Message.Data.Span));

    public Delivery Find(string text) => _deliveries.FindLast(delivery => Encoding.UTF8.GetString(delivery.Message.Data.Span) == text)!;

    public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        if (Encodes)
        {
            _ = delivery.Metadata;
        }

        _deliveries.Add(delivery);
        if (Acknowledges)
        {
            Stream!.Ack(delivery.Token);
        }

        return ValueTask.CompletedTask;
    }

    public static int AttemptOf(Delivery delivery) =>
        int.Parse(delivery.Metadata.Single(pair => pair.Key == "darq-attempt").Value, CultureInfo.InvariantCulture);
}

using Darq.Protos;
using Darq.Sidecar.Apps;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Routing;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// Takes one message of a subscription to the app and decides what the component hears.
/// 1. Read the event; 2. drop it if it has expired; 3. find the path; 4. hand it over; 5. look at the verdict; 6. dead-letter what failed.
/// </summary>
internal sealed class TopicDelivery(PubSubComponent pubSub, SubscriptionManifest subscription, IEventTaker taker) : IDelivery
{
    // Marks what is acknowledged unseen, yet dead-lettered if there is such a topic.
    private const string Unseen = "";
    private const string Dropped = "pubsub message dropped";
    private readonly DeadLetters _deadLetters = new(pubSub, subscription.DeadLetterTopic);

    public async Task<string?> DeliverAsync(PullMessagesResponse message, CancellationToken cancellation)
    {
        var metadata = ReceivedEvent.MetadataOf(message, pubSub.Name);
        var error = await TryAsync(message, metadata, cancellation);
        if (error is null || cancellation.IsCancellationRequested)
        {
            return error;
        }
        // Step 6. Made from inside the delivery, which daprd's own call shows: it names the delivering instance first.
        return await _deadLetters.PublishAsync(message.Data.Memory, metadata, deliveredBy: pubSub.Name) ? null
            : error == Unseen ? null
            : error;
    }

    private async Task<string?> TryAsync(PullMessagesResponse message, Dictionary<string, string> metadata, CancellationToken cancellation)
    {
        try
        {
            using var received = ReceivedEvent.Read(message, pubSub, subscription, metadata);
            if (ReceivedEvent.HasExpired(received.Root) || subscription.Routes.PathFor(received.Root) is not { } path)
            {
                return Unseen;
            }

            var verdict = await taker.TakeAsync(received, path, cancellation);
            if (verdict.Outcome == Outcome.Taken)
            {
                return null;
            }

            SidecarLog.Warn(verdict.Text);
            if (verdict.Outcome == Outcome.Failed)
            {
                return verdict.Text;
            }

            // A drop goes to the dead letter topic by an ordinary call of its own.
            var isSettled = !_deadLetters.AreKept || await _deadLetters.PublishAsync(message.Data.Memory, metadata);
            return isSettled ? null : Dropped;
        }
        catch (Exception fault) when (fault is GoJsonException or CelException)
        {
            return fault.Message;
        }
    }
}

using System.Text;
using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Routing;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// Takes one message of a subscription to the app and decides what the component hears.
/// 1. Read the event; 2. drop it if it has expired; 3. find the path; 4. post it; 5. map the answer; 6. dead-letter what failed.
/// </summary>
internal sealed class TopicDelivery(PubSubComponent pubSub, SubscriptionManifest subscription, AppChannel app) : IDelivery
{
    private const string Retriable = "retriable error occurred";
    private const string Dropped = "pubsub message dropped";
    private static readonly TimeSpan DeadLetterTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Null for an acknowledgement, else the text of the negative one.</summary>
    public async Task<string?> DeliverAsync(PullMessagesResponse message, CancellationToken cancellation)
    {
        var metadata = ReceivedEvent.MetadataOf(message, pubSub.Name);
        var error = await TryAsync(message, metadata, cancellation);
        if (error is null || cancellation.IsCancellationRequested)
        {
            return error;
        }
        // Step 6. Made from inside the delivery, which daprd's own call shows: it names the delivering instance first.
        return await DeadLetterAsync(message, metadata, pubSub.Name) ? null
            : error == Unseen ? null
            : error;
    }

    // Marks what is acknowledged unseen, yet dead-lettered if there is such a topic.
    private const string Unseen = "";

    private async Task<string?> TryAsync(PullMessagesResponse message, Dictionary<string, string> metadata, CancellationToken cancellation)
    {
        try
        {
            using var received = ReceivedEvent.Read(message, pubSub, subscription, metadata);
            if (received.HasExpired || subscription.Routes.PathFor(received.Root) is not { } path)
            {
                return Unseen;
            }

            var trace = TraceParent.IsValid(received.TraceParent) ? TraceParent.Next(received.TraceParent) : null;
            var answer = await app.DeliverAsync(
                path,
                received.Body,
                ContentTypes.CloudEvent,
                metadata,
                trace,
                received.TraceState,
                cancellation
            );
            var error = Judge(answer, received);
            if (error is not null)
            {
                SayFailed(error, answer, received);
            }

            // A drop goes to the dead letter topic by an ordinary call of its own.
            if (error == Dropped && (subscription.DeadLetterTopic.Length == 0 || await DeadLetterAsync(message, metadata, null)))
            {
                return null;
            }

            return error;
        }
        catch (Exception fault) when (fault is GoJsonException or CelException)
        {
            return fault.Message;
        }
    }

    /// <summary>In daprd's words, which are those of the answer except for what is dropped.</summary>
    private static void SayFailed(string error, AppAnswer answer, ReceivedEvent received) =>
        SidecarLog.Warn(
            error != Dropped ? error
            : answer.Status == 404
                ? $"non-retriable error returned from app while processing pub/sub event {received.Id}: "
                    + $"{Encoding.UTF8.GetString(answer.Body)}. status code returned: {answer.Status}"
            : $"DROP status returned from app while processing pub/sub event {received.Id}"
        );

    private static string? Judge(AppAnswer answer, ReceivedEvent received)
    {
        if (answer.Failure is { } failure)
        {
            return $"error returned from app channel while sending pub/sub event to app: {Retriable}: {failure}";
        }

        if (answer.Status == 404)
        {
            return Dropped;
        }

        if (!answer.IsSuccess)
        {
            return $"{Retriable}: retriable error returned from app while processing pub/sub event {received.Id}, topic: "
                + $"{received.Topic}, body: {Encoding.UTF8.GetString(answer.Body)}. status code returned: {answer.Status}";
        }

        return Status(answer.Body) switch
        {
            "" or "SUCCESS" => null,
            "DROP" => Dropped,
            "RETRY" => $"RETRY status returned from app while processing pub/sub event {received.Id}: {Retriable}",
            var other =>
                $"unknown status returned from app while processing pub/sub event {received.Id}, status: {other}, err: {Retriable}",
        };
    }

    // A body that is not the JSON expected counts as a success: apps answer all kinds of things.
    private static string Status(byte[] body)
    {
        if (body.Length == 0)
        {
            return "";
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return "";
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (member.Name.Equals("status", StringComparison.OrdinalIgnoreCase))
                {
                    return member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : "";
                }
            }

            return "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private async Task<bool> DeadLetterAsync(PullMessagesResponse message, Dictionary<string, string> metadata, string? deliveredBy)
    {
        var topic = subscription.DeadLetterTopic;
        if (topic.Length == 0 || !pubSub.Scopes.MayPublish(topic))
        {
            return false;
        }

        using var limit = new CancellationTokenSource(DeadLetterTimeout);
        try
        {
            await pubSub.PublishAsync(topic, message.Data.Memory, metadata, limit.Token, deliveredBy);
            return true;
        }
        catch (GrpcCallException)
        {
            return false;
        }
    }
}

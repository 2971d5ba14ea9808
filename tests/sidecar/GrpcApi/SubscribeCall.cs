using Darq.Protos.Runtime;
using Darq.Sidecar.Components;
using Darq.Sidecar.Delivery;
using Darq.Sidecar.Operations;
using Darq.Sidecar.Resources;
using Grpc.Core;

namespace Darq.Sidecar.GrpcApi;

/// <summary>SubscribeTopicEventsAlpha1: reads what the client asks for and hands its streams to the subscriptions.</summary>
internal sealed class SubscribeCall(ComponentRegistry components, StreamingSubscriptions subscriptions)
{
    public async Task ServeAsync(
        IAsyncStreamReader<SubscribeTopicEventsRequestAlpha1> requests,
        IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> responses,
        CancellationToken gone
    )
    {
        if (!await requests.MoveNext(gone) || requests.Current.InitialRequest is not { } request)
        {
            throw StreamingSubscriptions.Fault("initial request is required");
        }

        if (request.Topic.Length == 0)
        {
            throw StreamingSubscriptions.Fault("topic is required");
        }

        if (!components.PubSubs.TryGetValue(request.PubsubName, out var pubSub))
        {
            throw new ApiException(PubSubErrors.NotFound(request.PubsubName));
        }

        if (!pubSub.Scopes.MaySubscribe(request.Topic))
        {
            throw StreamingSubscriptions.Fault($"subscription to topic '{request.Topic}' on pubsub '{request.PubsubName}' is not allowed");
        }

        await subscriptions.ServeAsync(pubSub, Manifest(request), requests, responses, gone);
    }

    private static SubscriptionManifest Manifest(SubscribeTopicEventsRequestInitialAlpha1 request) =>
        new(
            request.PubsubName,
            request.Topic,
            request.DeadLetterTopic,
            new Dictionary<string, string>(request.Metadata),
            new([new(null, "/")]),
            SubscriptionOrigin.Streaming
        );
}

using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Operations;

/// <summary>Publishes events, wrapped unless the caller asks for raw payloads. Everything throws <see cref="ApiException"/>.</summary>
internal sealed class EventPublisher(ComponentRegistry components, string appId)
{
    public PubSubComponent Find(string name, string topic)
    {
        if (name.Length == 0)
        {
            throw new ApiException(PubSubErrors.NameEmpty());
        }

        if (!components.PubSubs.TryGetValue(name, out var pubSub))
        {
            throw new ApiException(PubSubErrors.NotFound(name));
        }

        return topic.Length > 0 ? pubSub : throw new ApiException(PubSubErrors.TopicEmpty(name));
    }

    /// <summary>Begins a bulk; nothing is published before its entries are complete.</summary>
    public BulkPublication Begin(string name, string topic, IReadOnlyDictionary<string, string> metadata, CallTrace trace) =>
        new(Find(name, topic), topic, metadata, trace, appId);

    public async Task PublishAsync(PublishedEvent published, CancellationToken cancellation)
    {
        var (name, topic) = (published.PubSub, published.Topic);
        var pubSub = Find(name, topic);
        var raw = RawPayload.Read(name, published.Metadata);
        try
        {
            var data = raw ? published.Data : CloudEvents.Wrap(published, appId, pubSub.ExpiresMessages);
            if (!pubSub.Scopes.MayPublish(topic))
            {
                throw new ApiException(PubSubErrors.Forbidden(name, topic, appId));
            }

            await pubSub.PublishAsync(topic, data, published.Metadata, cancellation);
        }
        catch (GoJsonException fault)
        {
            throw new ApiException(PubSubErrors.NoCloudEvent(name, appId, fault.Message));
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(PubSubErrors.Failed(name, topic, fault.Message));
        }
    }
}

using Darq.Sidecar.Operations;

namespace Darq.Sidecar.HttpApi;

/// <summary>POST and PUT /v1.0/publish/{pubsub}/{topic…}.</summary>
internal sealed class PublishApi(EventPublisher publisher)
{
    public async Task PublishAsync(ApiCall call, string name, string topic)
    {
        publisher.Find(name, topic);
        var body = await call.ReadBodyAsync() ?? throw new ApiException(PubSubErrors.Failed(name, topic, "stream too large"));
        await publisher.PublishAsync(
            new(name, topic, body, call.ContentType, call.Metadata()) { TraceParent = call.Trace.Parent, TraceState = call.Trace.State },
            call.Aborted
        );
        await call.NoContentAsync();
    }
}

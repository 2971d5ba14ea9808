using Darq.Contract;
using Darq.Grpc;
using Darq.Publishing;
using Google.Protobuf.Collections;

namespace Darq.Hosting;

/// <summary>The service PubSub: translates, calls the engine once, translates back.</summary>
internal sealed class PubSubService(Calls calls, DeliveryDrain drain, ILogger<PullStream> log)
{
    private const ComponentService Service = ComponentService.PubSub;

    // BULK_SUBSCRIBE_IMMEDIATE keeps a serial sidecar from waiting a second for a batch that cannot fill.
    private static readonly string[] Supported = ["BULK_PUBSUB", "BULK_SUBSCRIBE_IMMEDIATE", "MESSAGE_TTL"];

    public ServiceDefinition Definition => new ServiceDefinition(PubsubReflection.Descriptor.Services.Single(service => service.Name == "PubSub"))
        .Unary("Init", PubSubInitRequest.Parser, InitAsync)
        .Unary("Features", FeaturesRequest.Parser, FeaturesAsync)
        .Unary("Publish", PublishRequest.Parser, PublishAsync)
        .Unary("BulkPublish", BulkPublishRequest.Parser, BulkPublishAsync)
        .Duplex<PullMessagesRequest, PullMessagesResponse>("PullMessages", PullMessagesRequest.Parser, PullMessagesAsync)
        .Unary("Pause", PauseRequest.Parser, PauseAsync)
        .Unary("Resume", ResumeRequest.Parser, ResumeAsync)
        .Unary("Ping", PingRequest.Parser, PingAsync);

    private ValueTask<PubSubInitResponse> InitAsync(PubSubInitRequest request, ServerCall call) =>
        calls.InitAsync<PubSubInitResponse>(Service, request.Metadata, call);

    private static ValueTask<FeaturesResponse> FeaturesAsync(FeaturesRequest request, ServerCall call) =>
        ValueTask.FromResult(new FeaturesResponse { Features = { Supported } });

    private async ValueTask<PublishResponse> PublishAsync(PublishRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        await use.Engine.Publisher.PublishAsync(request.Topic, [new PublishEntry(request.Data.Memory, request.Metadata)], call.Cancelled);
        return new PublishResponse();
    }

    /// <summary>
    /// All entries or none, and an error says none: the sidecar drops a list of failed entries and reports success. It also
    /// calls with no entries at all.
    /// </summary>
    private async ValueTask<BulkPublishResponse> BulkPublishAsync(BulkPublishRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        var entries = request.Entries.Select(entry => new PublishEntry(entry.Event.Memory, Merge(request.Metadata, entry.Metadata))).ToArray();
        await use.Engine.Publisher.PublishAsync(request.Topic, entries, call.Cancelled);
        return new BulkPublishResponse();
    }

    private Task PullMessagesAsync(IMessageReader<PullMessagesRequest> requests, IMessageWriter<PullMessagesResponse> responses, ServerCall call) =>
        calls.StreamAsync(Service, call, (use, cancelled) => new PullStream(use.Instance, requests, responses, drain, log).RunAsync(cancelled));

    private async ValueTask<PauseResponse> PauseAsync(PauseRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        use.Instance.Pause();
        return new PauseResponse();
    }

    private async ValueTask<ResumeResponse> ResumeAsync(ResumeRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        use.Instance.Resume();
        return new ResumeResponse();
    }

    private ValueTask<PingResponse> PingAsync(PingRequest request, ServerCall call) => calls.PingAsync(Service, call);

    private static IReadOnlyDictionary<string, string> Merge(MapField<string, string> request, MapField<string, string> entry)
    {
        if (entry.Count == 0)
            return request;
        var merged = new Dictionary<string, string>(request, StringComparer.Ordinal);
        foreach (var (name, value) in entry)
            merged[name] = value;
        return merged;
    }
}

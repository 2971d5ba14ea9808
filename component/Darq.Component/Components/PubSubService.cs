using Darq.Component.Configuration;
using Darq.Component.Dapr;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Publishing;
using Darq.Protos;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace Darq.Component.Components;

/// <summary>The service PubSub: translates, calls the engine once, translates back.</summary>
internal sealed class PubSubService(Calls calls, DeliveryDrain drain, StreamRegister streams, ILogger<PullStream> log) : PubSub.PubSubBase
{
    private const ComponentService Service = ComponentService.PubSub;

    // BULK_SUBSCRIBE_IMMEDIATE keeps a serial sidecar from waiting a second for a batch that cannot fill.
    public static readonly IReadOnlyList<string> Supported = ["BULK_PUBSUB", "BULK_SUBSCRIBE_IMMEDIATE", "MESSAGE_TTL"];

    public ServedService Served
    {
        get
        {
            DuplexStreamingServerMethod<PullMessagesRequest, DeliveryMessage> deliver = PullMessagesAsync;
            return new(PubSub.Descriptor, binder => PubSub.BindService(binder, this), deliver);
        }
    }

    public override Task<PubSubInitResponse> Init(PubSubInitRequest request, ServerCallContext context) =>
        calls.InitAsync<PubSubInitResponse>(Service, request.Metadata, context);

    public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) =>
        Task.FromResult(new FeaturesResponse { Features = { Supported } });

    public override async Task<PublishResponse> Publish(PublishRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        if (SidecarDeadLetter.Find(request, use.Instance) is { } given)
        {
            Append.CheckTopic(request.Topic);
            await use.Engine.DeadLetters.MoveAsync(given.Token, given.Outstanding, request.Topic, context.CancellationToken);
            return new PublishResponse();
        }

        await PublishAsync(use, request.Topic, [new(request.Data.Memory, request.Metadata)], context);
        return new PublishResponse();
    }

    /// <summary>
    /// All entries or none; an error means none, because the sidecar drops a list of failed entries and reports success. The sidecar
    /// also calls with no entries at all.
    /// </summary>
    public override async Task<BulkPublishResponse> BulkPublish(BulkPublishRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        var entries = request
            .Entries.Select(entry => new PublishEntry(entry.Event.Memory, Merge(request.Metadata, entry.Metadata), entry.EntryId))
            .ToArray();
        await PublishAsync(use, request.Topic, entries, context);
        return new BulkPublishResponse();
    }

    private async ValueTask PublishAsync(InstanceUse use, string topic, PublishEntry[] entries, ServerCallContext context)
    {
        var (publisher, unanswered) = (use.Engine.Publisher, use.Instance.Unanswered);
        var answer = await publisher.PublishAsync(topic, entries, unanswered, context.CancellationToken);
        if (calls.MayBeUnheard(context))
        {
            publisher.Unheard(topic, entries, answer, unanswered);
        }
    }

    private Task PullMessagesAsync(
        IAsyncStreamReader<PullMessagesRequest> requests,
        IServerStreamWriter<DeliveryMessage> responses,
        ServerCallContext context
    ) =>
        calls.StreamAsync(
            Service,
            context,
            (use, cancelled) => new PullStream(use.Instance, requests, responses, drain, streams, log).RunAsync(cancelled)
        );

    public override async Task<PauseResponse> Pause(PauseRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        use.Instance.Streams.Pause();
        return new PauseResponse();
    }

    public override async Task<ResumeResponse> Resume(ResumeRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        use.Instance.Streams.Resume();
        return new ResumeResponse();
    }

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => calls.PingAsync(Service, context);

    private static IReadOnlyDictionary<string, string> Merge(MapField<string, string> request, MapField<string, string> entry)
    {
        if (entry.Count == 0)
        {
            return request;
        }

        var merged = new Dictionary<string, string>(request, StringComparer.Ordinal);
        foreach (var (name, value) in entry)
        {
            merged[name] = value;
        }

        return merged;
    }
}

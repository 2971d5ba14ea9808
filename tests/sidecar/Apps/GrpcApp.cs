using Darq.Protos;
using Darq.Protos.Runtime;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Darq.Sidecar.Apps;

/// <summary>An app that is called over gRPC. No limit of calls holds for it: daprd counts only those of HTTP apps.</summary>
internal sealed class GrpcApp(AppPort port, string? token) : IApp
{
    private const string Service = "dapr.proto.runtime.v1.AppCallback";
    private readonly SocketChannel _channel = new(port.Host, port.Number);
    private IReadOnlyCollection<string>? _bindings;

    public Task WaitUntilUpAsync(CancellationToken cancellation) => port.WaitAsync(cancellation);

    public async Task<IReadOnlyList<SubscriptionManifest>> SubscriptionsAsync(CancellationToken cancellation)
    {
        try
        {
            return GrpcSubscriptions.Read(
                await AskAsync("ListTopicSubscriptions", new Empty(), ListTopicSubscriptionsResponse.Parser, cancellation)
            );
        }
        catch (GrpcCallException fault) when (fault.Status.Code == GrpcCode.Unimplemented)
        {
            SidecarLog.Info("the gRPC app does not implement ListTopicSubscriptions");
        }
        catch (GrpcCallException fault)
        {
            SidecarLog.Error($"error getting topic list from app: {fault.Message}");
        }

        return [];
    }

    /// <summary>The app is asked once for all its bindings.</summary>
    public async Task<bool> WantsAsync(InputBindingComponent binding, CancellationToken cancellation)
    {
        try
        {
            _bindings ??= (await AskAsync("ListInputBindings", new Empty(), ListInputBindingsResponse.Parser, cancellation)).Bindings;
        }
        catch (GrpcCallException fault)
        {
            SidecarLog.Warn($"error getting the list of input bindings from app: {fault.Message}");
            _bindings = [];
        }

        return _bindings.Contains(binding.Name);
    }

    public async Task<Verdict> TakeAsync(ReceivedEvent received, string path, CancellationToken cancellation)
    {
        try
        {
            var answer = await CallAsync(
                Service + "/OnTopicEvent",
                GrpcEvents.Request(received, path),
                TopicEventResponse.Parser,
                GrpcMetadata.Of(received.Metadata, token),
                cancellation
            );
            return GrpcVerdicts.Of(answer.Status, received.Id);
        }
        catch (GrpcCallException fault)
        {
            return GrpcVerdicts.Of(fault.Status, received.Id);
        }
    }

    public async Task<IReadOnlyList<Verdict>> TakeAsync(EventBulk bulk, CancellationToken cancellation)
    {
        try
        {
            return GrpcVerdicts.Of(await BulkAsync(GrpcEvents.Request(bulk), GrpcMetadata.Of(bulk.Metadata, token), cancellation), bulk);
        }
        catch (GrpcCallException fault)
        {
            return GrpcVerdicts.Of(fault.Status, bulk);
        }
    }

    public async Task<BindingAnswer> TakeAsync(InputBindingComponent binding, ReadResponse message, CancellationToken cancellation)
    {
        var trace = TraceParent.Next(message.Metadata.GetValueOrDefault("traceparent"));
        var metadata = GrpcMetadata.Of([], token);
        // daprd passes on the metadata of the stream that the message came by.
        metadata.Add("x-component-instance", binding.Name);
        metadata.Add("traceparent", trace);
        if (message.Metadata.GetValueOrDefault("tracestate") is { Length: > 0 } state)
        {
            metadata.Add("tracestate", state);
        }

        var request = new BindingEventRequest
        {
            Name = binding.Name,
            Data = message.Data,
            Metadata = { message.Metadata },
        };
        try
        {
            var answer = await CallAsync(Service + "/OnBindingEvent", request, BindingEventResponse.Parser, metadata, cancellation);
            return new(answer.Data)
            {
                To = answer.To,
                ToAllAtOnce = answer.Concurrency == BindingEventResponse.Types.BindingEventConcurrency.Parallel,
                TraceParent = trace,
            };
        }
        catch (GrpcCallException fault)
        {
            return BindingAnswer.Failed("error invoking app: " + fault.Message);
        }
    }

    public void Dispose() => _channel.Dispose();

    /// <summary>Apps of older SDKs serve bulks under another name.</summary>
    private async Task<TopicEventBulkResponse> BulkAsync(TopicEventBulkRequest request, Metadata metadata, CancellationToken cancellation)
    {
        try
        {
            return await CallAsync(Service + "/OnBulkTopicEvent", request, TopicEventBulkResponse.Parser, metadata, cancellation);
        }
        catch (GrpcCallException fault) when (fault.Status.Code == GrpcCode.Unimplemented)
        {
            return await CallAsync(
                Service + "Alpha/OnBulkTopicEventAlpha1",
                request,
                TopicEventBulkResponse.Parser,
                metadata,
                cancellation
            );
        }
    }

    private Task<T> AskAsync<T>(string method, IMessage request, MessageParser<T> parser, CancellationToken cancellation)
        where T : class, IMessage<T> => CallAsync($"{Service}/{method}", request, parser, GrpcMetadata.Of([], token), cancellation);

    private Task<T> CallAsync<T>(
        string method,
        IMessage request,
        MessageParser<T> parser,
        Metadata metadata,
        CancellationToken cancellation
    )
        where T : class, IMessage<T> => _channel.UnaryAsync(method, request, parser, new(metadata, Cancellation: cancellation));
}

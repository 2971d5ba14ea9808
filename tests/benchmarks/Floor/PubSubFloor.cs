using System.Collections.Concurrent;
using System.Globalization;
using Darq.Component.Host;
using Darq.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Benchmarks.Floor;

/// <summary>
/// Publish and subscribe: a topic has one subscriber, who gets a message at once; it is held until it is answered, whatever the answer is.
/// </summary>
internal sealed class PubSubFloor : PubSub.PubSubBase
{
    private readonly ConcurrentDictionary<string, Outlet<PullMessagesResponse>> _topics = new();
    private readonly ConcurrentDictionary<string, PullMessagesResponse> _held = new();
    private long _messages;

    public ServedService Served => new(PubSub.Descriptor, binder => PubSub.BindService(binder, this));

    public override Task<PubSubInitResponse> Init(PubSubInitRequest request, ServerCallContext context) =>
        Task.FromResult(new PubSubInitResponse());

    public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) =>
        Task.FromResult(new FeaturesResponse());

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

    public override Task<PublishResponse> Publish(PublishRequest request, ServerCallContext context)
    {
        Deliver(request.Topic, request.Data, request.ContentType);
        return Task.FromResult(new PublishResponse());
    }

    public override Task<BulkPublishResponse> BulkPublish(BulkPublishRequest request, ServerCallContext context)
    {
        foreach (var entry in request.Entries)
        {
            Deliver(request.Topic, entry.Event, entry.ContentType);
        }

        return Task.FromResult(new BulkPublishResponse());
    }

    public override async Task PullMessages(
        IAsyncStreamReader<PullMessagesRequest> requestStream,
        IServerStreamWriter<PullMessagesResponse> responseStream,
        ServerCallContext context
    )
    {
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            if (requestStream.Current.Topic is { } topic)
            {
                OutletOf(topic.Name).Open(responseStream);
            }
            else
            {
                _held.TryRemove(requestStream.Current.AckMessageId, out _);
            }
        }
    }

    private void Deliver(string topic, ByteString data, string contentType)
    {
        var message = new PullMessagesResponse
        {
            Id = Interlocked.Increment(ref _messages).ToString(CultureInfo.InvariantCulture),
            TopicName = topic,
            Data = data,
            ContentType = contentType,
        };
        _held[message.Id] = message;
        OutletOf(topic).Send(message);
    }

    private Outlet<PullMessagesResponse> OutletOf(string topic) => _topics.GetOrAdd(topic, static _ => new Outlet<PullMessagesResponse>());
}

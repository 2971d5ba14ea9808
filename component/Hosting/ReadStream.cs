using System.Collections.Concurrent;
using Darq.Contract;
using Darq.Grpc;
using Darq.Lanes;
using Darq.Telemetry;
using Google.Protobuf;

namespace Darq.Hosting;

/// <summary>
/// One binding's stream over all its topics. As <see cref="PullStream"/> it lasts until the sidecar cancels it. Answers come
/// in any order, and each may carry what the app answered, which may be a step.
/// </summary>
internal sealed class ReadStream(
    Instance instance, IMessageReader<ReadRequest> requests, IMessageWriter<ReadResponse> responses, DeliveryDrain drain, TimeProvider time, ILogger log)
    : IDisposable
{
    /// <summary>What the sidecar answers for handlers that it no longer calls: the app has not seen these messages.</summary>
    private const string ClosedText = "input binding is closed";

    private readonly List<DeliveryStream> _streams = [];
    private readonly DeliverySteps _steps = new(instance, drain, time, log);

    // Which of the streams a delivery came from; bounded by what they hold unanswered.
    private readonly ConcurrentDictionary<string, DeliveryStream> _unanswered = new(StringComparer.Ordinal);

    // Several topics, one response stream: one write at a time.
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task RunAsync(CancellationToken cancelled)
    {
        var (group, topics) = (instance.Options.Group, string.Join(", ", instance.Options.Topics));
        if (topics.Length == 0)
            log.BindingReadsNothing(instance.Name);
        try
        {
            foreach (var topic in instance.Options.Topics)
                Open(group!, topic);
            log.StreamWasOpened(group, topics);
            while (await requests.ReadAsync(cancelled) is { } request)
                Answer(request);
        }
        finally
        {
            await CloseAsync();
            log.StreamWasClosed(group, topics);
        }
    }

    public void Dispose() => _writing.Dispose();

    private void Open(string group, string topic)
    {
        var sink = new Sink(this);
        var stream = instance.Engine.Subscriptions.Attach(group, topic, instance.Options.Subscription, sink);
        sink.Deliver(stream);
        _streams.Add(stream);
        instance.Opened(stream);
    }

    private async Task CloseAsync()
    {
        // The app has done its part of a step that is under way, so it still settles its delivery.
        foreach (var stream in _streams)
            stream.Pause();
        await _steps.FinishAsync();
        foreach (var stream in _streams)
        {
            instance.Closed(stream);
            await stream.DisposeAsync();
        }

        drain.Answered(_unanswered.Count);
    }

    private void Answer(ReadRequest request)
    {
        // An id that is not known was answered before, or belongs to an older stream.
        if (!_unanswered.TryRemove(request.MessageId, out var stream))
            return;
        if (request.ResponseError is null && BindingAnswer.IsStep(request.ResponseData.Memory))
        {
            _steps.Begin(stream, request.MessageId, request.ResponseData.Memory);
            return;
        }

        drain.Answered();
        if (request.ResponseError?.Message == ClosedText)
            stream.Release(request.MessageId);
        else if (request.ResponseError is not null)
            stream.Nack(request.MessageId);
        else
            stream.Ack(request.MessageId);
    }

    private async ValueTask SendAsync(DeliveryStream stream, Delivery delivery, CancellationToken cancellation)
    {
        var response = new ReadResponse
        {
            MessageId = delivery.Token,
            Data = UnsafeByteOperations.UnsafeWrap(delivery.Data),
        };
        foreach (var (name, value) in delivery.Metadata)
            response.Metadata[name] = value;
        if (response.CalculateSize() is var size && size > GrpcLimits.Default.SendMaxBytes)
        {
            log.DeliveryWasTooLarge(delivery.Token, delivery.Topic, size);
            stream.Nack(delivery.Token);
            return;
        }

        await _writing.WaitAsync(cancellation);
        try
        {
            if (_unanswered.TryAdd(delivery.Token, stream))
                drain.Sent();
            await responses.WriteAsync(response, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    private sealed class Sink(ReadStream owner) : IDeliverySink
    {
        private readonly TaskCompletionSource<DeliveryStream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Deliver(DeliveryStream stream) => _stream.SetResult(stream);

        public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation) =>
            await owner.SendAsync(await _stream.Task, delivery, cancellation);
    }
}

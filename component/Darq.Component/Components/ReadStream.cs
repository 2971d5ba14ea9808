using System.Runtime.CompilerServices;
using Darq.Component.Dapr;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Component.Telemetry;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Protos;
using Grpc.Core;

namespace Darq.Component.Components;

/// <summary>
/// One binding's stream over all its topics. As <see cref="PullStream"/> it lasts until the sidecar cancels it. Answers come
/// in any order, and each may carry what the app answered, which may be a step.
/// </summary>
internal sealed class ReadStream(
    Instance instance,
    IAsyncStreamReader<ReadRequest> requests,
    IServerStreamWriter<DeliveryMessage> responses,
    DeliveryDrain drain,
    TimeProvider time,
    ILogger log
) : IDisposable
{
    /// <summary>What the sidecar answers for handlers that it no longer calls: the app has not seen these messages.</summary>
    private const string ClosedText = "input binding is closed";

    private readonly List<DeliveryStream> _streams = [];
    private readonly DeliverySteps _steps = new(instance, drain, time, log);

    // Which of the streams a delivery came from; bounded by what they hold unanswered. Under its own lock.
    private readonly Dictionary<string, DeliveryStream> _unanswered = new(StringComparer.Ordinal);

    // Several topics, one response stream: one write at a time.
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task RunAsync(CancellationToken cancelled)
    {
        var (group, topics) = (instance.Options.Group, string.Join(", ", instance.Options.Topics));
        if (topics.Length == 0)
        {
            log.BindingReadsNothing(instance.Name);
        }

        try
        {
            foreach (var topic in instance.Options.Topics)
            {
                Open(group!, topic);
            }

            log.StreamWasOpened(group, topics);
            while (await requests.MoveNext(cancelled))
            {
                Answer(requests.Current);
            }
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
        {
            stream.Pause();
        }

        await _steps.FinishAsync();
        foreach (var stream in _streams)
        {
            instance.Closed(stream);
            await stream.DisposeAsync();
        }

        lock (_unanswered)
        {
            drain.Answered(_unanswered.Count);
        }
    }

    private void Answer(ReadRequest request)
    {
        // An id that is not known was answered before, or belongs to an older stream.
        if (TakeOff(request.MessageId) is not { } stream)
        {
            return;
        }

        if (request.ResponseError is null && BindingAnswer.IsStep(request.ResponseData.Memory))
        {
            _steps.Begin(stream, request.MessageId, request.ResponseData.Memory);
            return;
        }

        drain.Answered();
        if (request.ResponseError?.Message == ClosedText)
        {
            stream.Release(request.MessageId);
        }
        else if (request.ResponseError is not null)
        {
            stream.Nack(request.MessageId);
        }
        else
        {
            stream.Ack(request.MessageId);
        }
    }

    private DeliveryStream? TakeOff(string token)
    {
        lock (_unanswered)
        {
            return _unanswered.Remove(token, out var stream) ? stream : null;
        }
    }

    private bool PutDown(string token, DeliveryStream stream)
    {
        lock (_unanswered)
        {
            return _unanswered.TryAdd(token, stream);
        }
    }

    // Both wait for the stream to take a message, each awaited once, so what one leaves is used by the next.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(DeliveryStream stream, Delivery delivery, DeliveryMessage message, CancellationToken cancellation)
    {
        message.Fill(delivery);
        if (message.CalculateSize() is var size && size > GrpcLimits.SendMaxBytes)
        {
            log.DeliveryWasTooLarge(delivery.Token, delivery.Topic, size);
            stream.Nack(delivery.Token);
            return;
        }

        await _writing.WaitAsync(cancellation);
        try
        {
            if (PutDown(delivery.Token, stream))
            {
                drain.Sent();
            }

            await responses.WriteAsync(message, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    private sealed class Sink(ReadStream owner) : IDeliverySink
    {
        private readonly TaskCompletionSource<DeliveryStream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly DeliveryMessage _message = DeliveryMessage.OfRead();

        public void Deliver(DeliveryStream stream) => _stream.SetResult(stream);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation) =>
            await owner.SendAsync(await _stream.Task, delivery, _message, cancellation);
    }
}

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
/// One binding's stream over all its topics. Like <see cref="PullStream"/> it lasts until the sidecar cancels it. Answers come
/// in any order, and each may carry the app's response, which may be a step.
/// </summary>
internal sealed class ReadStream(
    Instance instance,
    IAsyncStreamReader<ReadRequest> requests,
    IServerStreamWriter<DeliveryMessage> responses,
    DeliveryDrain drain,
    StreamRegister register,
    TimeProvider time,
    ILogger log
) : IDisposable
{
    private readonly List<DeliveryStream> _streams = [];
    private readonly DeliverySteps _steps = new(instance, drain, time, log);

    // The stream of each unanswered delivery; maxInFlight bounds them. Under its own lock.
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
        catch (Exception fault) when (!cancelled.IsCancellationRequested && fault is not (IOException or InvalidDataException))
        {
            foreach (var topic in instance.Options.Topics)
            {
                register.Fail(instance, topic, "its stream ended on a fault, which the log has; restart the sidecar");
            }

            throw;
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
        var stream = instance.Engine.Subscriptions.Attach(group, topic, instance.Options.Subscription, sink, instance.App);
        sink.Deliver(stream);
        _streams.Add(stream);
        instance.Streams.Opened(stream);
        register.Opened(instance, topic);
    }

    private async Task CloseAsync()
    {
        // The app has finished its part of a step under way, so the step still settles its delivery.
        foreach (var stream in _streams)
        {
            stream.Finish();
        }

        await _steps.FinishAsync();
        foreach (var stream in _streams)
        {
            instance.Streams.Closed(stream);
            await stream.DisposeAsync();
        }

        if (!drain.Ending.IsCancellationRequested)
        {
            foreach (var topic in instance.Options.Topics)
            {
                register.Closed(instance, topic);
            }
        }

        lock (_unanswered)
        {
            drain.Answered(_unanswered.Count);
        }
    }

    private void Answer(ReadRequest request)
    {
        // An unknown id was answered before, or belongs to an earlier stream.
        if (Take(request.MessageId) is not { } stream)
        {
            return;
        }

        if (request.ResponseError is { } error)
        {
            drain.Answered();
            Refuse(stream, request.MessageId, error.Message);
            return;
        }

        var kind = BindingAnswer.KindOf(request.ResponseData.Memory);
        if (kind == BindingAnswerKind.Step)
        {
            _steps.Begin(stream, request.MessageId, request.ResponseData.Memory);
            return;
        }

        drain.Answered();
        if (kind == BindingAnswerKind.Success || instance.Options.EmptyAnswerAcks)
        {
            stream.Ack(request.MessageId);
        }
        else
        {
            stream.AnswerWithoutStep(request.MessageId);
        }
    }

    private static void Refuse(DeliveryStream stream, string token, string error)
    {
        if (NackText.IsAppGone(error))
        {
            stream.NackAsGone(token);
        }
        else
        {
            stream.Nack(token);
        }
    }

    private DeliveryStream? Take(string token)
    {
        lock (_unanswered)
        {
            return _unanswered.Remove(token, out var stream) ? stream : null;
        }
    }

    private bool TryAdd(string token, DeliveryStream stream)
    {
        lock (_unanswered)
        {
            return _unanswered.TryAdd(token, stream);
        }
    }

    // Each of these two is awaited once per message, so the pooled builder reuses its state machine.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(DeliveryStream stream, Delivery delivery, DeliveryMessage message, CancellationToken cancellation)
    {
        message.Fill(delivery);
        if (message.CalculateSize() is var size && size > GrpcLimits.SendMaxBytes)
        {
            log.DeliveryWasTooLarge(delivery.Token, delivery.Topic, size);
            stream.Return(delivery.Token);
            return;
        }

        await _writing.WaitAsync(cancellation);
        try
        {
            if (TryAdd(delivery.Token, stream))
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

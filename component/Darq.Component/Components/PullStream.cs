using Darq.Component.Configuration;
using Darq.Component.Dapr;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Component.Telemetry;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Protos;
using Grpc.Core;

namespace Darq.Component.Components;

/// <summary>
/// One subscription's stream. The sidecar never reopens it by itself, so no fault of Redis ends it: it lasts until the sidecar
/// cancels it. (1) The first message names the topic. (2) This loop alone reads answers, the engine alone writes deliveries. (3) At
/// the end unanswered messages go back to their lanes without counting as failed.
/// </summary>
internal sealed class PullStream(
    Instance instance,
    IAsyncStreamReader<PullMessagesRequest> requests,
    IServerStreamWriter<DeliveryMessage> responses,
    DeliveryDrain drain,
    StreamRegister streams,
    ILogger log
) : IDeliverySink
{
    private readonly TaskCompletionSource<DeliveryStream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DeliveryMessage _message = DeliveryMessage.OfPull();
    private string _topic = "";

    // Under its own lock.
    private readonly HashSet<string> _unanswered = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancelled)
    {
        // Step 1: which topic, how, and for whom.
        if (!await requests.MoveNext(cancelled))
        {
            return;
        }

        var stream = Attach(requests.Current);
        _stream.SetResult(stream);
        try
        {
            // Step 2: answers, until the sidecar goes.
            instance.Streams.Opened(stream);
            streams.Opened(instance, _topic);
            while (await requests.MoveNext(cancelled))
            {
                Answer(stream, requests.Current);
            }
        }
        catch (Exception fault) when (!cancelled.IsCancellationRequested && fault is not (IOException or InvalidDataException))
        {
            streams.Fail(instance, _topic, "its stream ended on a fault, which the log has; restart the sidecar");
            throw;
        }
        finally
        {
            // Step 3.
            instance.Streams.Closed(stream);
            await stream.DisposeAsync();
            if (!drain.Ending.IsCancellationRequested)
            {
                streams.Closed(instance, _topic);
            }

            lock (_unanswered)
            {
                drain.Answered(_unanswered.Count);
            }

            log.StreamWasClosed(instance.Options.Group, _topic);
        }
    }

    public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        _message.Fill(delivery);
        if (_message.CalculateSize() is var size && size > GrpcLimits.SendMaxBytes)
        {
            return RefuseAsync(delivery, size);
        }

        lock (_unanswered)
        {
            if (_unanswered.Add(delivery.Token))
            {
                drain.Sent();
            }
        }

        return new(responses.WriteAsync(_message, cancellation));
    }

    private async ValueTask RefuseAsync(Delivery delivery, int size)
    {
        log.DeliveryWasTooLarge(delivery.Token, delivery.Topic, size);
        (await _stream.Task).Return(delivery.Token);
    }

    private void Answer(DeliveryStream stream, PullMessagesRequest request)
    {
        lock (_unanswered)
        {
            if (_unanswered.Remove(request.AckMessageId))
            {
                drain.Answered();
            }
        }

        if (request.AckError is { } error && NackText.IsAppGone(error.Message))
        {
            stream.NackAsGone(request.AckMessageId);
        }
        else if (request.AckError is not null)
        {
            stream.Nack(request.AckMessageId);
        }
        else
        {
            stream.Ack(request.AckMessageId);
        }
    }

    private DeliveryStream Attach(PullMessagesRequest first)
    {
        _topic = first.Topic?.Name ?? "";
        try
        {
            if (first.Topic is null)
            {
                throw new DarqException(ErrorCode.Invalid, "INVALID: the first message of PullMessages names no topic; it must.");
            }

            Limits.CheckName("topic", _topic);
            var group =
                instance.Options.Group
                ?? throw new DarqException(
                    ErrorCode.Misconfigured,
                    "MISCONFIGURED: consumerID is missing; a sidecar adds it to Init, a tool has to send it."
                );
            var (options, errors, warnings) = OptionsReader.ReadSubscription(instance.Options.Subscription, first.Topic.Metadata);
            if (errors.Count > 0)
            {
                throw new DarqException(
                    ErrorCode.Invalid,
                    $"INVALID: the metadata of the subscription is wrong: {string.Join("; ", errors)}."
                );
            }

            foreach (var warning in warnings)
            {
                log.SettingIsDoubtful(ComponentService.PubSub, instance.Name, $"{warning} (topic {SettingValues.Show(_topic)})");
            }

            log.StreamWasOpened(group, _topic);
            return instance.Engine.Subscriptions.Attach(group, _topic, options, this, instance.App);
        }
        catch (DarqException fault)
        {
            // The sidecar logs a refused stream once and never opens it again.
            log.StreamWasRefused(instance.Options.Group, SettingValues.Show(_topic), fault.Message);
            streams.Fail(instance, _topic, $"its stream was refused: {fault.Message} Correct that and restart the sidecar");
            throw;
        }
    }
}

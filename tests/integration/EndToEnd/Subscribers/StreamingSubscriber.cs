using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Darq.Tests.Shared;
using Grpc.Core;
using Grpc.Net.Client;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Darq.Tests.Integration.EndToEnd.Subscribers;

/// <summary>A client that holds a stream of the sidecar open, and opens it again when it ends: what throws is answered RETRY.</summary>
internal sealed class StreamingSubscriber : Subscriber
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly CancellationTokenSource _stop = new();
    private GrpcChannel? _channel;
    private Task _running = Task.CompletedTask;

    public static Task<Subscriber> StartAsync() => Task.FromResult<Subscriber>(new StreamingSubscriber());

    public override async Task SubscribeAsync(Sidecar sidecar)
    {
        _channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        var isSubscribed = new TaskCompletionSource();
        _running = RunAsync(new(_channel), isSubscribed);
        await isSubscribed.Task;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _channel?.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient client, TaskCompletionSource isSubscribed)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var call = client.SubscribeTopicEventsAlpha1(cancellationToken: _stop.Token);
                await call.RequestStream.WriteAsync(
                    new()
                    {
                        InitialRequest = new() { PubsubName = PubSub, Topic = Topic },
                    },
                    _stop.Token
                );
                await foreach (var response in call.ResponseStream.ReadAllAsync(_stop.Token))
                {
                    isSubscribed.TrySetResult();
                    if (response.EventMessage is { } message)
                    {
                        await call.RequestStream.WriteAsync(new() { EventProcessed = await AnswerAsync(message) }, _stop.Token);
                    }
                }
            }
            catch (Exception fault) when (fault is RpcException or IOException or OperationCanceledException or InvalidOperationException)
            {
                await Task.WhenAny(Task.Delay(Pause, _stop.Token));
            }
        }
    }

    private async Task<SubscribeTopicEventsRequestProcessedAlpha1> AnswerAsync(Dapr.AppCallback.Autogen.Grpc.v1.TopicEventRequest message)
    {
        using var data = JsonDocument.Parse(message.Data.Memory);
        // Metadata does not come by this way, but the event carries the token too.
        var token = message.Extensions.Fields["darqtoken"].StringValue;
        var status = await TryHandleAsync(data.RootElement, token) ? Status.Success : Status.Retry;
        return new()
        {
            Id = message.Id,
            Status = new() { Status = status },
        };
    }
}

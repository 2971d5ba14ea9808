using Darq.Protos.Runtime;
using Darq.Sidecar.Apps;
using Grpc.Core;
using Status = Darq.Protos.Runtime.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// A client that holds a streaming subscription open. Its answers name the event's id: of two events with one id in flight, only the later
/// one can be answered.
/// </summary>
internal sealed class StreamingClient(string pubSub, string topic, IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> responses)
    : IEventTaker,
        IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, TaskCompletionSource<Status>> _unanswered = [];
    private bool _isGone;

    /// <summary>Tells the client that its subscription stands.</summary>
    public Task WelcomeAsync(CancellationToken cancellation) =>
        WriteAsync(new() { InitialResponse = new SubscribeTopicEventsResponseInitialAlpha1() }, cancellation);

    /// <summary>Throws <see cref="OperationCanceledException"/> when the client is gone: then the component hears nothing.</summary>
    public async Task<Verdict> TakeAsync(ReceivedEvent received, string path, CancellationToken cancellation)
    {
        if (received.Topic != topic)
        {
            return Verdict.Failed($"no streamer subscribed to pubsub \"{pubSub}\" topic \"{received.Topic}\"");
        }

        var request = GrpcEvents.Request(received, path);
        var answer = Await(request.Id);
        try
        {
            await WriteAsync(new() { EventMessage = request }, cancellation);
            return GrpcVerdicts.Of(await answer.Task.WaitAsync(cancellation), received.Id);
        }
        finally
        {
            lock (_lock)
            {
                if (_unanswered.GetValueOrDefault(request.Id) == answer)
                {
                    _unanswered.Remove(request.Id);
                }
            }
        }
    }

    /// <summary>False if no event of this id waits for an answer.</summary>
    public bool Answer(SubscribeTopicEventsRequestProcessedAlpha1 processed)
    {
        lock (_lock)
        {
            return _unanswered.TryGetValue(processed.Id, out var answer) && answer.TrySetResult(processed.Status?.Status ?? Status.Success);
        }
    }

    /// <summary>Ends the wait for what the client will not answer any more.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _isGone = true;
            foreach (var answer in _unanswered.Values)
            {
                answer.TrySetCanceled();
            }
        }
    }

    public void Dispose() => _writing.Dispose();

    private TaskCompletionSource<Status> Await(string id)
    {
        lock (_lock)
        {
            var answer = new TaskCompletionSource<Status>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_isGone)
            {
                answer.SetCanceled();
            }

            return _unanswered[id] = answer;
        }
    }

    private async Task WriteAsync(SubscribeTopicEventsResponseAlpha1 response, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await responses.WriteAsync(response, cancellation);
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or RpcException)
        {
            throw new OperationCanceledException("the client is gone", fault);
        }
        finally
        {
            _writing.Release();
        }
    }
}

using Darq.Grpc.Contract;
using ServingStatus = Darq.Grpc.Contract.HealthCheckResponse.Types.ServingStatus;

namespace Darq.Grpc;

/// <summary>
/// <c>grpc.health.v1</c>: whether each service, and the process as a whole (the empty name), wants calls. Everything serves
/// until its owner says otherwise. A watcher is told the newest status; states it was too slow for are skipped, not queued.
/// </summary>
internal sealed class HealthService
{
    private readonly object _lock = new();
    private readonly Dictionary<string, ServingStatus> _statuses = [];
    private TaskCompletionSource _changed = NewSignal();
    private bool _stopped;

    public HealthService(IEnumerable<string> services)
    {
        foreach (var service in services.Append(""))
            _statuses[service] = ServingStatus.Serving;
        Definition = new ServiceDefinition(HealthReflection.Descriptor.Services[0])
            .Unary("Check", HealthCheckRequest.Parser, (request, _) => ValueTask.FromResult(Check(request)))
            .ServerStreaming<HealthCheckRequest, HealthCheckResponse>("Watch", HealthCheckRequest.Parser, WatchAsync);
    }

    public ServiceDefinition Definition { get; }

    /// <summary>Sets one service, or with the empty name the process.</summary>
    public void Set(string service, bool serving)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (_stopped)
                return;
            _statuses[service] = serving ? ServingStatus.Serving : ServingStatus.NotServing;
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    /// <summary>Nothing serves any more, for good, and watchers are released so that the process can end.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            foreach (var service in _statuses.Keys.ToArray())
                _statuses[service] = ServingStatus.NotServing;
            _stopped = true;
        }

        _changed.TrySetResult();
    }

    private HealthCheckResponse Check(HealthCheckRequest request)
    {
        lock (_lock)
        {
            return _statuses.TryGetValue(request.Service, out var status)
                ? new HealthCheckResponse { Status = status }
                : throw new RpcException(StatusCode.NotFound, $"There is no service '{request.Service}' here.");
        }
    }

    private async Task WatchAsync(HealthCheckRequest request, IMessageWriter<HealthCheckResponse> responses, ServerCall call)
    {
        ServingStatus? told = null;
        while (true)
        {
            var (status, stopped, changed) = Current(request.Service);
            if (status != told)
                await responses.WriteAsync(new HealthCheckResponse { Status = status }, call.Cancelled);
            told = status;
            if (stopped)
                throw new RpcException(StatusCode.Unavailable, "The component is stopping.");
            await changed.WaitAsync(call.Cancelled);
        }
    }

    private (ServingStatus Status, bool Stopped, Task Changed) Current(string service)
    {
        lock (_lock)
            return (_statuses.GetValueOrDefault(service, ServingStatus.ServiceUnknown), _stopped, _changed.Task);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

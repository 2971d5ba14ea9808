using Darq.Component.Components;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Darq.Component.Host;

/// <summary>
/// <c>grpc.health.v1</c>: whether each service, and the process as a whole (the empty name), accepts calls. All serve until
/// <see cref="Set"/> or <see cref="Stop"/>.
/// </summary>
internal sealed class HealthService(DeliveryDrain drain) : HealthServiceImpl
{
    private readonly Lock _lock = new();
    private string[] _services = [""];
    private bool _stopped;

    /// <summary>Registers the services; called once.</summary>
    public void Serve(IEnumerable<string> services)
    {
        _services = [.. services, ""];
        foreach (var service in _services)
        {
            SetStatus(service, ServingStatus.Serving);
        }
    }

    /// <summary>Sets one service, or the process (the empty name).</summary>
    public void Set(string service, bool serving)
    {
        lock (_lock)
        {
            if (!_stopped)
            {
                SetStatus(service, serving ? ServingStatus.Serving : ServingStatus.NotServing);
            }
        }
    }

    /// <summary>Nothing serves any more, for good.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            foreach (var service in _services)
            {
                SetStatus(service, ServingStatus.NotServing);
            }
        }
    }

    /// <summary>Ends with all other streams: otherwise the process would wait until the client disconnects.</summary>
    public override async Task Watch(
        HealthCheckRequest request,
        IServerStreamWriter<HealthCheckResponse> responseStream,
        ServerCallContext context
    )
    {
        try
        {
            await base.Watch(request, responseStream, context).WaitAsync(drain.Ending);
        }
        catch (OperationCanceledException) when (drain.Ending.IsCancellationRequested)
        {
            throw Faults.Of(StatusCode.Unavailable, "The component is stopping.");
        }
    }
}

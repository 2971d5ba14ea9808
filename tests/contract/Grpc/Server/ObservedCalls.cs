using Grpc.Core;

namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// What happened to the calls under one key, seen from inside their handlers.
/// </summary>
internal sealed class ObservedCalls
{
    private volatile bool _started;
    private volatile bool _hadDeadline;
    private volatile bool _cancelled;

    public bool Cancelled => _cancelled;

    public bool Started => _started;

    public void Start(ServerCallContext call)
    {
        _hadDeadline = call.Deadline != DateTime.MaxValue;
        call.CancellationToken.Register(() => _cancelled = true);
        _started = true;
    }

    public Messages.Observation Observe() =>
        new()
        {
            Started = _started,
            Cancelled = _cancelled,
            HadDeadline = _hadDeadline,
        };
}

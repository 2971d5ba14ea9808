using Grpc.Core;

namespace Darq.Tests.Contract.Grpc.Server;

/// <summary>
/// What happened to the calls under one key, seen from inside their handlers.
/// </summary>
internal sealed class ObservedCalls
{
    private long _messages;
    private long _bytes;
    private volatile bool _started;
    private volatile bool _hadDeadline;
    private volatile bool _cancelled;

    public long BytesAccepted => Interlocked.Read(ref _bytes);

    public bool Cancelled => _cancelled;

    public bool Started => _started;

    public void Start(ServerCallContext call)
    {
        _hadDeadline = call.Deadline != DateTime.MaxValue;
        call.CancellationToken.Register(() => _cancelled = true);
        _started = true;
    }

    public void Accept(int bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _messages);
    }

    public Messages.Observation Observe() =>
        new()
        {
            MessagesAccepted = Interlocked.Read(ref _messages),
            BytesAccepted = Interlocked.Read(ref _bytes),
            Started = _started,
            Cancelled = _cancelled,
            HadDeadline = _hadDeadline,
        };
}

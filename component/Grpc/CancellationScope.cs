namespace Darq.Grpc;

/// <summary>
/// The token of one read or write: the call's own, joined with the caller's only where those differ, because joining allocates.
/// </summary>
internal readonly struct CancellationScope(CancellationToken call, CancellationToken caller) : IDisposable
{
    private readonly CancellationTokenSource? _joined =
        caller.CanBeCanceled && caller != call ? CancellationTokenSource.CreateLinkedTokenSource(call, caller) : null;

    public CancellationToken Token => _joined?.Token ?? call;

    public void Dispose() => _joined?.Dispose();
}

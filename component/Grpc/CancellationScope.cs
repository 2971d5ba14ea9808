namespace Darq.Grpc;

/// <summary>
/// The token for all reads, or all writes, of one call: the call's own, joined with the caller's only where those differ. Joining
/// allocates and a stream reads with one and the same token, so the joined one is kept until another comes or the call ends.
/// </summary>
internal struct CancellationScope : IDisposable
{
    private CancellationTokenSource? _joined;
    private CancellationToken _caller;

    public CancellationToken Of(CancellationToken call, CancellationToken caller)
    {
        if (!caller.CanBeCanceled || caller == call)
            return call;
        if (_joined is null || caller != _caller)
        {
            _joined?.Dispose();
            (_joined, _caller) = (CancellationTokenSource.CreateLinkedTokenSource(call, caller), caller);
        }

        return _joined.Token;
    }

    public void Dispose() => _joined?.Dispose();
}

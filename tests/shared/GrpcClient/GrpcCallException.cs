namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// A call that ended with another status than OK, or that never reached the server (then the status is Unavailable, as with other
/// gRPC libraries). Its message is the status as Go renders it.
/// </summary>
internal sealed class GrpcCallException(GrpcStatus status, Exception? cause = null) : Exception(status.ToString(), cause)
{
    public GrpcStatus Status { get; } = status;
}

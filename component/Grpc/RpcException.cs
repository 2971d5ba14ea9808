using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Darq.Grpc;

/// <summary>
/// Ends a call with a status that its client is meant to see. The message and the details are sent as they are, so they must
/// not hold secrets; details travel in <c>grpc-status-details-bin</c> as a <c>google.rpc.Status</c>.
/// </summary>
internal sealed class RpcException(StatusCode code, string message, params IMessage[] details) : Exception(message)
{
    public StatusCode Code { get; } = code;

    public IReadOnlyList<Any> Details { get; } = Array.ConvertAll(details, Any.Pack);
}

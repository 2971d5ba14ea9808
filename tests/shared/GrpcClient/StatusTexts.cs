using System.Net.Sockets;
using Grpc.Core;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// How a call ended, in the words of Go's gRPC library where it ended on this side: daprd's error texts carry them.
/// </summary>
internal static class StatusTexts
{
    private const string Details = "grpc-status-details-bin";

    public static GrpcStatus Of(RpcException fault, string address)
    {
        var cause = fault.Status.DebugException;
        if (Find<GrpcCallException>(cause) is { } refused)
        {
            return refused.Status;
        }

        return fault.StatusCode switch
        {
            StatusCode.Cancelled when cause is OperationCanceledException or null && IsOfThisSide(fault) => new(
                GrpcCode.Canceled,
                "context canceled"
            ),
            StatusCode.DeadlineExceeded when IsOfThisSide(fault) => new(GrpcCode.DeadlineExceeded, "context deadline exceeded"),
            _ when Find<HttpProtocolException>(cause) is { } reset => FromReset(reset),
            _ when Find<SocketException>(cause) is { } socket => Unreachable(socket, address),
            _ when cause is not null => new(GrpcCode.Unavailable, "error reading from server: EOF"),
            _ => new((GrpcCode)fault.StatusCode, fault.Status.Detail, fault.Trailers.GetValueBytes(Details)),
        };
    }

    /// <summary>What a server said came with trailers; the library's own end of a call has none.</summary>
    private static bool IsOfThisSide(RpcException fault) => fault.Trailers.Count == 0;

    private static GrpcStatus FromReset(HttpProtocolException reset)
    {
        var code = reset.ErrorCode switch
        {
            7 => GrpcCode.Unavailable, // REFUSED_STREAM
            8 => GrpcCode.Canceled, // CANCEL
            11 => GrpcCode.ResourceExhausted, // ENHANCE_YOUR_CALM
            12 => GrpcCode.PermissionDenied, // INADEQUATE_SECURITY
            _ => GrpcCode.Internal,
        };
        return new(code, $"stream terminated by RST_STREAM with error code: {reset.ErrorCode}");
    }

    private static GrpcStatus Unreachable(SocketException socket, string address)
    {
        var reason = socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused",
            SocketError.AddressNotAvailable or SocketError.HostNotFound => "no such file or directory",
            SocketError.AccessDenied => "permission denied",
            _ => socket.Message,
        };
        return new(GrpcCode.Unavailable, $"connection error: desc = \"transport: Error while dialing: dial {address}: connect: {reason}\"");
    }

    private static T? Find<T>(Exception? fault)
        where T : Exception
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            if (fault is T found)
            {
                return found;
            }
        }

        return null;
    }
}

using System.Security.Cryptography;
using System.Text;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Darq.Sidecar.GrpcApi;

/// <summary>Stands before every call: asks for the API token, and turns the errors of operations into statuses.</summary>
internal sealed class GrpcCalls(string? token) : Interceptor
{
    private static readonly ApiError Foreign = new(401, GrpcCode.Unauthenticated, "ERR_UNAUTHORIZED", "Unauthorized");
    private readonly byte[]? _token = token is { Length: > 0 } ? Encoding.UTF8.GetBytes(token) : null;

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    ) => ServeAsync(context, () => continuation(request, context));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation
    ) =>
        ServeAsync(
            context,
            async () =>
            {
                await continuation(requestStream, responseStream, context);
                return true;
            }
        );

    private async Task<T> ServeAsync<T>(ServerCallContext context, Func<Task<T>> serve)
    {
        try
        {
            Admit(context);
            return await serve();
        }
        catch (ApiException fault)
        {
            throw Fault(fault.Error.ToStatus());
        }
        catch (GoJsonException fault)
        {
            // daprd hands its JSON library's errors on as they are, and its gRPC library calls such errors unknown.
            throw Fault(new(GrpcCode.Unknown, fault.Message));
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or RpcException))
        {
            SidecarLog.Error($"{context.Method} failed: {fault}");
            throw Fault(new(GrpcCode.Internal, fault.Message));
        }
    }

    private void Admit(ServerCallContext context)
    {
        if (
            _token is not null
            && !CryptographicOperations.FixedTimeEquals(
                _token,
                Encoding.UTF8.GetBytes(context.RequestHeaders.GetValue("dapr-api-token") ?? "")
            )
        )
        {
            throw new ApiException(Foreign);
        }
    }

    private static RpcException Fault(GrpcStatus status)
    {
        var trailers = new Metadata();
        if (status.Details is { } details)
        {
            trailers.Add("grpc-status-details-bin", details);
        }

        return new(new((StatusCode)status.Code, status.Message), trailers);
    }
}

using System.Globalization;
using Darq.Component.Telemetry;
using Darq.Engine.Core;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http.Features;

namespace Darq.Component.Host;

/// <summary>
/// Ends every call of every service with a status for its client: an error with its own (<see cref="Faults"/>), an unexpected fault
/// as Internal with a fixed text and its reason in the log. Errors that a client caused are logged as Debug, because the client
/// gets them anyway.
/// </summary>
internal sealed class FaultInterceptor(ILogger<FaultInterceptor> log) : Interceptor
{
    private const string StatusTrailer = "grpc-status";

    /// <summary>
    /// Serves one request. For a fault outside every handler, such as a broken frame, the library answers Unknown; this replaces it.
    /// </summary>
    public async Task ServeAsync(HttpContext request, RequestDelegate next)
    {
        await next(request);
        var call = request.Features.Get<IServerCallContextFeature>()?.ServerCallContext;
        if (call?.Status is { StatusCode: StatusCode.Unknown, DebugException: { } fault })
        {
            ReplaceUnknown(request, call, fault);
        }
    }

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception fault)
        {
            throw StatusOf(fault, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception fault)
        {
            throw StatusOf(fault, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception fault)
        {
            throw StatusOf(fault, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            // A client may wait for the headers before it sends anything or expects the first message.
            await context.WriteResponseHeadersAsync(Metadata.Empty);
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception fault)
        {
            throw StatusOf(fault, context);
        }
    }

    private void ReplaceUnknown(HttpContext request, ServerCallContext call, Exception fault)
    {
        var trailers = request.Response.HasStarted
            ? request.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : request.Response.Headers;
        // A call past its deadline has ended with DeadlineExceeded, and its trailers are sent.
        if (trailers[StatusTrailer] != "2")
        {
            return;
        }

        var status = StatusOf(fault, call);
        trailers[StatusTrailer] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        // None of the possible texts here needs encoding.
        trailers["grpc-message"] = status.Status.Detail;
    }

    private RpcException StatusOf(Exception fault, ServerCallContext call)
    {
        if (KnownStatusOf(fault) is { } status)
        {
            log.CallWasRefused(call.Method, status.StatusCode, status.Status.Detail);
            return status;
        }

        // The library throws InvalidOperationException for a read or write after the end.
        if (fault is OperationCanceledException or InvalidOperationException && call.CancellationToken.IsCancellationRequested)
        {
            log.CallWasGivenUp(call.Method);
            return Faults.Of(StatusCode.Cancelled, "The client gave up the call.");
        }

        log.CallFailed(call.Method, fault);
        return Faults.Of(StatusCode.Internal, "The call failed inside the component; its log has the reason.");
    }

    private static RpcException? KnownStatusOf(Exception fault) =>
        fault switch
        {
            RpcException status => status,
            DarqException refused => Faults.ToRpc(refused, CallKind.Plain),
            // A malformed frame, or a client that disconnected inside one, which the transport may report before the call's token
            // fires. No handler throws these itself.
            InvalidDataException or IOException => Faults.Of(StatusCode.Internal, "The request is malformed or was cut off."),
            _ => null,
        };
}

using System.Collections.Frozen;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Darq.Grpc;

/// <summary>
/// Serves gRPC on an ASP.NET Core pipeline: finds the method, runs its handler, and ends every call with exactly one status.
/// What a handler throws never reaches the client as it is: a fault that neither is nor becomes an <see cref="RpcException"/>
/// is logged, and answered Internal with a fixed text. Reflection and health are served beside the given services.
/// </summary>
internal sealed class GrpcServer
{
    private readonly GrpcLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Func<Exception, RpcException?> _translate;
    private readonly FrozenDictionary<string, Func<Exchange, Task>> _methods;
    private int _openCalls;

    public GrpcServer(
        IReadOnlyList<ServiceDefinition> services,
        GrpcLimits limits,
        TimeProvider time,
        ILoggerFactory logs,
        Func<Exception, RpcException?>? translate = null)
    {
        _limits = limits;
        _time = time;
        _log = logs.CreateLogger<GrpcServer>();
        _translate = translate ?? (static _ => null);
        Health = new HealthService(services.Select(service => service.Descriptor.FullName));
        var served = ReflectionService.AddTo([.. services, Health.Definition]);
        _methods = served.SelectMany(service => service.Methods).ToFrozenDictionary();
    }

    public HealthService Health { get; }

    /// <summary>Calls whose handler has not returned yet.</summary>
    public int OpenCalls => Volatile.Read(ref _openCalls);

    /// <summary>
    /// The transport's defaults are made for browsers: they end quiet connections, slow readers and long streams, and allow
    /// fewer calls on a connection than one sidecar has open. Every component instance has a single connection for all its calls.
    /// </summary>
    public static void Configure(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
        var limits = options.Limits;
        // Ten years: TimeSpan.MaxValue overflows inside the transport and closes every idle connection within a second.
        limits.KeepAliveTimeout = TimeSpan.FromDays(3650);
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.MaxRequestHeaderCount = 1_000;
        limits.MaxRequestHeadersTotalSize = 256 * 1024;
        limits.Http2.MaxRequestHeaderFieldSize = 64 * 1024;
        limits.Http2.MaxStreamsPerConnection = 10_000;
        // Many streams share a connection: its window is a multiple of theirs, so that unread requests do not block the others.
        limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        limits.Http2.InitialConnectionWindowSize = 16 * 1024 * 1024;
    }

    public Task HandleAsync(HttpContext context)
    {
        if (HttpRefusal(context.Request) is not { } status)
            return ServeAsync(context);
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private async Task ServeAsync(HttpContext context)
    {
        var isValid = CallTimeout.TryParse(context.Request.Headers["grpc-timeout"], out var timeout);
        using var exchange = new Exchange(context, timeout, _limits, _time);
        Interlocked.Increment(ref _openCalls);
        try
        {
            if (!isValid)
                throw new RpcException(StatusCode.Internal, "The grpc-timeout is malformed.");
            await Find(exchange.Call.Method)(exchange);
            exchange.Finish(StatusCode.Ok, null);
        }
#pragma warning disable CA1031 // This is where every fault of a call becomes its status.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            var status = StatusOf(exchange, fault);
            exchange.Finish(status.Code, status);
        }
        finally
        {
            Interlocked.Decrement(ref _openCalls);
        }
    }

    private Func<Exchange, Task> Find(string path) => _methods.TryGetValue(path, out var method)
        ? method
        : throw new RpcException(StatusCode.Unimplemented, $"There is no method '{path}' here.");

    private RpcException StatusOf(Exchange exchange, Exception fault)
    {
        var method = exchange.Call.Method;
        if (fault is OperationCanceledException && exchange.IsDeadlinePassed)
        {
            GrpcLog.DeadlinePassed(_log, method);
            return new RpcException(StatusCode.DeadlineExceeded, "The deadline of the call has passed.");
        }

        if (fault is OperationCanceledException && exchange.IsClientGone)
        {
            GrpcLog.ClientGaveUp(_log, method);
            return new RpcException(StatusCode.Cancelled, "The client gave up the call.");
        }

        if ((fault as RpcException ?? _translate(fault)) is { } status)
        {
            GrpcLog.CallRefused(_log, method, status.Code, status.Message);
            return status;
        }

        GrpcLog.HandlerFailed(_log, method, fault);
        return new RpcException(StatusCode.Internal, "The call failed inside the component; its log has the reason.");
    }

    private static int? HttpRefusal(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method))
            return StatusCodes.Status405MethodNotAllowed;
        return IsGrpc(request.ContentType) ? null : StatusCodes.Status415UnsupportedMediaType;
    }

    private static bool IsGrpc(string? contentType)
    {
        var type = contentType.AsSpan();
        var parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).Trim();
        return type.Equals("application/grpc", StringComparison.OrdinalIgnoreCase)
            || type.Equals("application/grpc+proto", StringComparison.OrdinalIgnoreCase);
    }
}

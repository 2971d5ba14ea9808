using Grpc.AspNetCore.Server;
using Grpc.Health.V1;
using Grpc.Reflection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ReflectionV1 = Grpc.Reflection.V1.ServerReflection;
using ReflectionV1Alpha = Grpc.Reflection.V1Alpha.ServerReflection;

namespace Darq.Component.Host;

/// <summary>
/// The gRPC server. Each service is bound once, to its one object, not activated per call: a call needs no service scope, and a
/// trimmer has nothing to miss.
/// </summary>
internal static class GrpcEndpoints
{
    /// <summary>
    /// The transport's defaults suit browsers: they end quiet connections, slow readers and long streams, and allow fewer calls on a
    /// connection than one sidecar opens. Every component instance has a single connection for all its calls.
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

    public static IServiceCollection AddGrpcEndpoints(this IServiceCollection services)
    {
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = GrpcLimits.ReceiveMaxBytes;
            options.MaxSendMessageSize = GrpcLimits.SendMaxBytes;
        });
        return services
            // Without providers a compressed message is refused: the library would unpack it to any size, past the receive limit.
            .PostConfigure<GrpcServiceOptions>(options => options.CompressionProviders.Clear())
            // The interceptor logs the status of a call, once.
            .AddLogging(logging => logging.AddFilter("Grpc", LogLevel.None))
            .AddSingleton<FaultInterceptor>()
            .AddSingleton<HealthService>();
    }

    /// <summary>Maps the services, and beside them health and reflection: daprd discovers components through v1alpha.</summary>
    public static void MapGrpcEndpoints(this WebApplication app, IEnumerable<ServedService> services)
    {
        ServedService[] own = [.. services];
        var health = app.Services.GetRequiredService<HealthService>();
        health.Serve(own.Select(service => service.Descriptor.FullName));
        ServedService[] served = [.. own, new(Health.Descriptor, binder => Health.BindService(binder, health))];
        var faults = app.Services.GetRequiredService<FaultInterceptor>();
        app.Use(next => request => faults.ServeAsync(request, next));
        foreach (var service in served.Concat(Reflection(served)))
        {
            app.MapGrpcService(ServiceBinder.Bind(service, faults));
        }
    }

    /// <summary>Both versions, about all services, themselves included.</summary>
    private static ServedService[] Reflection(IEnumerable<ServedService> services)
    {
        var described = services
            .Select(service => service.Descriptor)
            .Concat([ReflectionV1.Descriptor, ReflectionV1Alpha.Descriptor])
            .OrderBy(service => service.FullName, StringComparer.Ordinal)
            .ToArray();
        var (v1, v1Alpha) = (new ReflectionV1ServiceImpl(described), new ReflectionServiceImpl(described));
        return
        [
            new(ReflectionV1.Descriptor, binder => ReflectionV1.BindService(binder, v1)),
            new(ReflectionV1Alpha.Descriptor, binder => ReflectionV1Alpha.BindService(binder, v1Alpha)),
        ];
    }
}

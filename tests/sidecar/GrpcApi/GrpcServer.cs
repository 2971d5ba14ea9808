using System.Diagnostics;
using Darq.Protos.Runtime;
using Darq.Sidecar.Startup;
using Grpc.Reflection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ReflectionV1 = Grpc.Reflection.V1.ServerReflection;

namespace Darq.Sidecar.GrpcApi;

/// <summary>The gRPC API on a Kestrel of its own, without a web host around it, as the HTTP API beside it.</summary>
internal sealed class GrpcServer : IHttpApplication<HttpContext>, IDisposable
{
    private const int MaxMessageBytes = 4 * 1024 * 1024;
    private readonly int _port;
    private readonly ServiceProvider _services;
    private readonly RequestDelegate _pipeline;
    private readonly KestrelServer _server;

    public GrpcServer(DaprService service, GrpcCalls calls, int port)
    {
        _port = port;
        _services = Services(calls);
        _pipeline = Pipeline(service);
        _server = Create();
    }

    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await _server.StartAsync(this, cancellation);
        }
        catch (IOException fault)
        {
            throw new StartException($"could not listen on gRPC port {_port}: {fault.Message}");
        }
    }

    /// <summary>Takes no more calls and waits for those under way.</summary>
    public Task StopAsync(CancellationToken cancellation) => _server.StopAsync(cancellation);

    public HttpContext CreateContext(IFeatureCollection contextFeatures) =>
        new DefaultHttpContext(contextFeatures) { RequestServices = _services };

    public Task ProcessRequestAsync(HttpContext context) => _pipeline(context);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        if (exception is not (null or OperationCanceledException))
        {
            SidecarLog.Error($"a gRPC call failed: {exception}");
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        _services.Dispose();
    }

    private static ServiceProvider Services(GrpcCalls calls)
    {
        // Routing asks for the listener, which a host would have.
        var services = new ServiceCollection().AddLogging().AddSingleton(new DiagnosticListener("sidecar")).AddSingleton(calls);
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MaxMessageBytes;
            options.MaxSendMessageSize = MaxMessageBytes;
            options.Interceptors.Add<GrpcCalls>();
        });
        return services.BuildServiceProvider();
    }

    private RequestDelegate Pipeline(DaprService service)
    {
        var app = new ApplicationBuilder(_services);
        app.UseRouting()
            .UseEndpoints(endpoints =>
            {
                endpoints.MapGrpcService(Dapr.BindService(service));
                // Dapr's .NET client asks which bulk publish there is.
                endpoints.MapGrpcService(ReflectionV1.BindService(new ReflectionV1ServiceImpl(Dapr.Descriptor, ReflectionV1.Descriptor)));
            });
        return app.Build();
    }

    private KestrelServer Create()
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.ListenLocalhost(_port, listen => listen.Protocols = HttpProtocols.Http2);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        return new(Options.Create(options), transport, NullLoggerFactory.Instance);
    }
}

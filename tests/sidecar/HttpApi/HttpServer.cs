using Darq.Sidecar.Startup;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Darq.Sidecar.HttpApi;

/// <summary>The HTTP API on Kestrel, without a web host around it: starting is quick, and the order of stopping is ours.</summary>
internal sealed class HttpServer(ApiRouter router, int port) : IHttpApplication<HttpContext>, IDisposable
{
    private readonly KestrelServer _server = Create(port);

    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await _server.StartAsync(this, cancellation);
        }
        catch (IOException fault)
        {
            throw new StartException($"could not listen on HTTP port {port}: {fault.Message}");
        }
    }

    /// <summary>Takes no more calls and waits for those under way.</summary>
    public Task StopAsync(CancellationToken cancellation) => _server.StopAsync(cancellation);

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public Task ProcessRequestAsync(HttpContext context) => router.ServeAsync(new(context));

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        if (exception is not (null or OperationCanceledException))
        {
            SidecarLog.Error($"an API call failed: {exception}");
        }
    }

    public void Dispose() => _server.Dispose();

    private static KestrelServer Create(int port)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        return new(Options.Create(options), transport, NullLoggerFactory.Instance);
    }
}

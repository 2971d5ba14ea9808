using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Darq.Tests.Contract.Recordings;

/// <summary>A Kestrel that can be stopped at once, connections and all, and started again at the same place.</summary>
internal sealed class ScriptedServer(Action<KestrelServerOptions> listen, RequestDelegate serve)
    : IHttpApplication<HttpContext>,
        IAsyncDisposable
{
    private KestrelServer? _server;

    public async Task StartAsync()
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        // What arrives is written down as bytes were meant to be read by clients that know nothing but Latin-1 in headers.
        options.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        options.Limits.MaxRequestBodySize = null;
        listen(options);
        _server = new(
            Options.Create(options),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance
        );
        await _server.StartAsync(this, CancellationToken.None);
    }

    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is not { } server)
        {
            return;
        }
        // A cancelled token means: do not wait for anything that is under way.
        await server.StopAsync(new CancellationToken(canceled: true));
        server.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public Task ProcessRequestAsync(HttpContext context) => serve(context);

    public void DisposeContext(HttpContext context, Exception? exception) { }
}

using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Darq.Benchmarks.Sidecars;

/// <summary>An app beside a sidecar, in this process: one handler gets every request.</summary>
internal sealed class HttpApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HttpApp(WebApplication app, int port) => (_app, Port) = (app, port);

    public int Port { get; }

    public static async Task<HttpApp> StartAsync(RequestDelegate handle)
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.Run(handle);
        await app.StartAsync();
        return new(app, port);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

using System.Collections.Concurrent;
using System.Text.Json;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Integration.Install;

/// <summary>An app behind a sidecar that keeps what was posted to it and answers as the test says.</summary>
internal sealed class InstalledApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private InstalledApp(WebApplication app, int port) => (_app, Port) = (app, port);

    public int Port { get; }

    public ConcurrentQueue<Posted> Deliveries { get; } = new();

    /// <summary>The answer to GET /dapr/subscribe.</summary>
    public object[] Subscriptions { get; init; } = [];

    public Func<Posted, IResult> Answer { get; set; } = _ => Results.Json(new { status = "SUCCESS" });

    public static async Task<InstalledApp> StartAsync(params object[] subscriptions)
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = new InstalledApp(builder.Build(), port) { Subscriptions = subscriptions };
        app._app.MapGet("/dapr/subscribe", () => app.Subscriptions);
        app._app.MapPost("/{**path}", (Delegate)app.TakeAsync);
        await app._app.StartAsync();
        return app;
    }

    /// <summary>The first delivery at a path, once it is there.</summary>
    public async Task<Posted> DeliveredAsync(string path, TimeSpan patience) =>
        (
            await Eventually.ValueAsync(
                () => Task.FromResult(Deliveries.FirstOrDefault(delivery => delivery.Path == path)),
                delivery => delivery is not null,
                patience,
                $"a message is delivered at {path}"
            )
        )!;

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpContext context)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString());
        var posted = new Posted(context.Request.Path, new(headers, StringComparer.OrdinalIgnoreCase), body);
        Deliveries.Enqueue(posted);
        return Answer(posted);
    }
}

/// <summary>One request of a sidecar to its app.</summary>
internal sealed record Posted(string Path, Dictionary<string, string> Headers, JsonElement Body)
{
    public JsonElement Data => Body.GetProperty("data");
}

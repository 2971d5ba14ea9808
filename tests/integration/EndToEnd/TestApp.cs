using System.Collections.Concurrent;
using System.Text.Json;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>An app over HTTP behind a sidecar: subscribes to one topic and answers each delivery as the test says.</summary>
internal sealed class TestApp : IPodApp
{
    private readonly WebApplication _app;

    private TestApp(WebApplication app, int port) => (_app, Port) = (app, port);

    public int Port { get; }

    public string Protocol => "http";

    /// <summary>The data of every delivery that was answered with success, in that order.</summary>
    public ConcurrentQueue<string> Handled { get; } = new();

    /// <summary>What the app does with a delivery (its body and the token); returns the HTTP status.</summary>
    public Func<JsonElement, string, Task<int>> Handler { get; set; } = (_, _) => Task.FromResult(200);

    /// <summary>What the app answers to a delivery of the binding <c>work</c> (its body and the token).</summary>
    public Func<JsonElement, string, object?> Worker { get; set; } = (_, _) => null;

    public static async Task<TestApp> StartAsync(string pubsub, string topic)
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = new TestApp(builder.Build(), port);
        app._app.MapGet(
            "/dapr/subscribe",
            () =>
                new[]
                {
                    new
                    {
                        pubsubname = pubsub,
                        topic,
                        route = "handle",
                    },
                }
        );
        app._app.MapPost("/handle", app.HandleAsync);
        app._app.MapPost("/work", (Delegate)app.WorkAsync);
        await app._app.StartAsync();
        return app;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task<IResult> WorkAsync(HttpContext context)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        return Results.Json(Worker(body.GetProperty("data"), context.Request.Headers["darq-token"].ToString()));
    }

    private async Task HandleAsync(HttpContext context)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        context.Response.StatusCode = await Handler(body.GetProperty("data"), context.Request.Headers["darq-token"].ToString());
        if (context.Response.StatusCode == 200)
        {
            Handled.Enqueue(body.GetProperty("data").ToString());
        }
    }
}

using System.Text.Json;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Integration.EndToEnd.Subscribers;

/// <summary>An app over HTTP that takes orders in bulks: a handler that throws answers RETRY for its order alone.</summary>
internal sealed class BulkSubscriber : Subscriber, IPodApp
{
    private readonly WebApplication _app;

    private BulkSubscriber()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{Port}");
        _app = builder.Build();
        _app.MapGet(
            "/dapr/subscribe",
            () =>
                new[]
                {
                    new
                    {
                        pubsubname = PubSub,
                        topic = Topic,
                        route = "handle",
                        bulkSubscribe = new
                        {
                            enabled = true,
                            maxMessagesCount = 10,
                            maxAwaitDurationMs = 20,
                        },
                    },
                }
        );
        _app.MapPost("/handle", (Delegate)HandleAsync);
    }

    public int Port { get; } = FreePort.Next();

    public string Protocol => "http";

    public override IPodApp App => this;

    public static async Task<Subscriber> StartAsync()
    {
        var subscriber = new BulkSubscriber();
        await subscriber._app.StartAsync();
        return subscriber;
    }

    public override ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> HandleAsync(HttpContext context)
    {
        var bulk = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var statuses = new List<object>();
        foreach (var entry in bulk.GetProperty("entries").EnumerateArray())
        {
            var token = entry.GetProperty("metadata").GetProperty("darq-token").GetString()!;
            var handled = await TryHandleAsync(entry.GetProperty("event").GetProperty("data"), token);
            statuses.Add(new { entryId = entry.GetProperty("entryId").GetString(), status = handled ? "SUCCESS" : "RETRY" });
        }

        return Results.Json(new { statuses });
    }
}

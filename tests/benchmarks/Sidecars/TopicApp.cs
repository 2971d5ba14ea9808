using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Darq.Benchmarks.Processes;
using Microsoft.AspNetCore.Http;

namespace Darq.Benchmarks.Sidecars;

/// <summary>An app that subscribes to one topic and takes its numbered events; while it holds, it answers none.</summary>
internal sealed class TopicApp
{
    public const string Topic = "events";

    private static readonly byte[] Subscriptions = Encoding.ASCII.GetBytes(
        $"[{{\"pubsubname\":\"{Stage.PubSub}\",\"topic\":\"{Topic}\",\"route\":\"/{Topic}\"}}]"
    );

    private volatile TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TopicApp() => Release();

    /// <summary>Told the number of each event and when it was there, just before it is answered.</summary>
    public Action<long, long> Taken { get; set; } = static (_, _) => { };

    public void Hold() => _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _released.TrySetResult();

    public async Task HandleAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/" + Topic:
                var number = await ReadAsync(context.Request);
                await _released.Task;
                Taken(number, Stopwatch.GetTimestamp());
                break;
            case "/dapr/subscribe":
                context.Response.ContentType = "application/json";
                context.Response.ContentLength = Subscriptions.Length;
                await context.Response.Body.WriteAsync(Subscriptions);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private static async Task<long> ReadAsync(HttpRequest request)
    {
        using var document = await JsonDocument.ParseAsync(request.Body);
        return document.RootElement.GetProperty("data").GetProperty("number").GetInt64();
    }
}

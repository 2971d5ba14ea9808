using System.Text.Encodings.Web;
using System.Text.Json;
using Darq.Component.Host;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Darq.Component.Admin;

/// <summary>
/// What the component shows to the outside, over HTTP on an address of its own: <c>/healthz</c>, <c>/readyz</c>, <c>/metrics</c>. It only
/// reads, and no service of Dapr can be reached through it.
/// </summary>
internal sealed class AdminEndpoint(Readiness readiness, SocketWatch socket, MetricExport metrics, TimeProvider time)
{
    private const int MaxConnections = 32;
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromSeconds(30);

    // The answer is no part of a page, so that quotes may stand as they are.
    private static readonly AdminJson Json = new(
        new JsonSerializerOptions(AdminJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
    );

    private int _connections;

    /// <summary>
    /// The server's limits are made for sidecars, which hold their connections for ever. Here each request has a connection of its own, and
    /// few of them, for a short time: every process of the machine may connect.
    /// </summary>
    public void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(Limit);
    }

    /// <summary>Whether a request came over this endpoint: sidecars use a Unix socket, which has no IP address.</summary>
    public static bool Has(HttpContext request) => request.Features.Get<IHttpConnectionFeature>()?.LocalIpAddress is not null;

    public Task ServeAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.Connection = "close";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.Headers.Allow = "GET, HEAD";
            return TextAsync(response, StatusCodes.Status405MethodNotAllowed, $"{request.Method} is not accepted; accepted: GET, HEAD");
        }

        return request.Path.Value switch
        {
            "/healthz" => HealthAsync(response),
            "/readyz" => ReadinessAsync(response),
            "/metrics" => metrics.ScrapeAsync(context),
            _ => TextAsync(response, StatusCodes.Status404NotFound, "Nothing is here; there are /healthz, /readyz and /metrics"),
        };
    }

    private Task HealthAsync(HttpResponse response)
    {
        var report = Liveness.Report(socket);
        return JsonAsync(response, report.Alive, JsonSerializer.SerializeToUtf8Bytes(report, Json.LivenessReport));
    }

    private Task ReadinessAsync(HttpResponse response)
    {
        var report = readiness.Report();
        return JsonAsync(response, report.Ready, JsonSerializer.SerializeToUtf8Bytes(report, Json.ReadinessReport));
    }

    private static async Task JsonAsync(HttpResponse response, bool isGood, byte[] json)
    {
        response.StatusCode = isGood ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        response.ContentType = "application/json; charset=utf-8";
        await response.Body.WriteAsync(json, response.HttpContext.RequestAborted);
        await response.Body.WriteAsync("\n"u8.ToArray(), response.HttpContext.RequestAborted);
    }

    private static Task TextAsync(HttpResponse response, int status, string text)
    {
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync(text + "\n", response.HttpContext.RequestAborted);
    }

    private ConnectionDelegate Limit(ConnectionDelegate next) =>
        async connection =>
        {
            try
            {
                if (Interlocked.Increment(ref _connections) > MaxConnections)
                {
                    return;
                }

                await using var end = time.CreateTimer(Abort, connection, ConnectionLife, Timeout.InfiniteTimeSpan);
                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref _connections);
            }
        };

    private static void Abort(object? connection) =>
        ((ConnectionContext)connection!).Abort(new ConnectionAbortedException("The connection to the admin endpoint took too long."));
}

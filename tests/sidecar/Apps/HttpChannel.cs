using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Apps;

/// <summary>
/// The way to an HTTP app: HTTP/1.1 over pooled connections, and as many calls at once as the app allows. It never throws for what an
/// app or the network does; that is an <see cref="HttpAnswer"/>.
/// </summary>
internal sealed class HttpChannel : IDisposable
{
    private readonly ConcurrentDictionary<string, Uri> _addresses = [];
    private readonly HttpMessageInvoker _invoker;
    private readonly string _host;
    private readonly string _appId;
    private readonly int _port;
    private readonly string? _token;
    private readonly FalseAcknowledgements? _false;

    // One limit for everything; null without one.
    private readonly SemaphoreSlim? _calls;

    public HttpChannel(SidecarFlags flags, AppPort port, SidecarEnvironment environment)
    {
        (_host, _port, _appId, _token) = (port.Host, port.Number, flags.AppId, environment.AppToken);
        _false = environment.FalseAcknowledgements is { } seed ? new(seed) : null;
        _calls = flags.AppMaxConcurrency > 0 ? new(flags.AppMaxConcurrency) : null;
        _invoker = new(
            new SocketsHttpHandler
            {
                ActivityHeadersPropagator = null,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                UseCookies = false,
                UseProxy = false,
                ConnectCallback = static (context, cancellation) => TcpStream.ConnectAsync(context.DnsEndPoint, cancellation),
                RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            }
        );
    }

    /// <summary>One of the sidecar's own questions to the app; the two under /dapr carry the app id.</summary>
    public Task<HttpAnswer> AskAsync(HttpMethod method, string path, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(method, Address(path)) { Content = Content(default, Events.ContentTypes.Json) };
        if (method == HttpMethod.Get)
        {
            AppHeaders.Set(request, "Dapr-App-Id", _appId);
        }

        return LimitAsync(() => SendAsync(request, cancellation), cancellation);
    }

    /// <summary>Hands something to the app.</summary>
    public Task<HttpAnswer> PostAsync(
        string path,
        ReadOnlyMemory<byte> body,
        string contentType,
        IEnumerable<KeyValuePair<string, string>> metadata,
        string? traceParent,
        string? traceState,
        CancellationToken cancellation
    )
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Address(path)) { Content = Content(body, contentType) };
        if (AppHeaders.Add(request, metadata) is { } complaint)
        {
            request.Dispose();
            return Task.FromResult(HttpAnswer.Failed($"Post \"{Url(path)}\": {complaint}"));
        }
        if (traceParent is not null)
        {
            AppHeaders.Set(request, "Traceparent", traceParent);
        }

        if (traceState is { Length: > 0 })
        {
            AppHeaders.Set(request, "Tracestate", traceState);
        }

        Task<HttpAnswer> CallAsync() => SendAsync(request, cancellation);
        return LimitAsync(_false is null ? CallAsync : () => _false.PlayAsync(CallAsync), cancellation);
    }

    /// <summary>The address of a path as Go's errors spell it.</summary>
    public string Url(string path) => $"http://{_host}:{_port}/{path.TrimStart('/')}";

    public void Dispose()
    {
        _invoker.Dispose();
        _calls?.Dispose();
    }

    private async Task<HttpAnswer> LimitAsync(Func<Task<HttpAnswer>> call, CancellationToken cancellation)
    {
        if (_calls is null)
        {
            return await call();
        }

        try
        {
            await _calls.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return HttpAnswer.Failed("context canceled");
        }

        try
        {
            return await call();
        }
        finally
        {
            _calls.Release();
        }
    }

    private async Task<HttpAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var owned = request;
        if (_token is { Length: > 0 })
        {
            AppHeaders.Set(request, "Dapr-Api-Token", _token);
        }

        try
        {
            using var response = await _invoker.SendAsync(request, cancellation);
            return new((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            var verb = request.Method.Method[0] + request.Method.Method[1..].ToLowerInvariant();
            return HttpAnswer.Failed($"{verb} \"{request.RequestUri}\": {Reason(fault)}");
        }
    }

    private string Reason(Exception fault) =>
        fault switch
        {
            OperationCanceledException => "context canceled",
            { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
                $"dial tcp {_host}:{_port}: connect: connection refused",
            { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset } } =>
                $"read tcp {_host}:{_port}: read: connection reset by peer",
            { InnerException: SocketException socket } => $"dial tcp {_host}:{_port}: connect: {socket.Message}",
            _ => "EOF",
        };

    private Uri Address(string path) => _addresses.GetOrAdd(path, static (path, self) => new Uri(self.Url(path)), this);

    private static ReadOnlyMemoryContent Content(ReadOnlyMemory<byte> body, string contentType)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = MediaType(contentType);
        return content;
    }

    private static MediaTypeHeaderValue MediaType(string contentType) =>
        contentType == Events.ContentTypes.CloudEvent ? CloudEventType : JsonType;

    private static readonly MediaTypeHeaderValue CloudEventType = new(Events.ContentTypes.CloudEvent);
    private static readonly MediaTypeHeaderValue JsonType = new(Events.ContentTypes.Json);
}

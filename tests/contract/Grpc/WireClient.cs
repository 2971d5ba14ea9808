using System.Net;
using System.Net.Http.Headers;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Tests.Contract.Grpc;

/// <summary>What came back for one request: HTTP's own status, all headers, the body, and the gRPC status from wherever it stood.</summary>
internal sealed record WireAnswer(HttpStatusCode Http, HttpResponseHeaders Headers, HttpResponseHeaders Trailers, byte[] Body)
{
    public bool IsTrailersOnly => Headers.Contains("grpc-status");

    public string? Status => Value("grpc-status");

    public string? Message => Value("grpc-message");

    public string? Value(string name) =>
        (Trailers.TryGetValues(name, out var values) || Headers.TryGetValues(name, out values)) ? values.Last() : null;
}

/// <summary>
/// Sends bodies exactly as given over HTTP/2, which no gRPC client would do.
/// </summary>
internal sealed class WireClient(string socketPath) : IDisposable
{
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { ConnectCallback = (_, cancellation) => UnixStream.ConnectAsync(socketPath, cancellation) }
    )
    {
        Timeout = TimeSpan.FromSeconds(20),
    };

    public Task<WireAnswer> CallAsync(string method, byte[] body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, $"/darq.conformance.Conformance/{method}", body, "application/grpc", headers);

    public async Task<WireAnswer> SendAsync(
        HttpMethod verb,
        string path,
        byte[] body,
        string? contentType,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(verb, "http://localhost" + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (verb != HttpMethod.Get)
        {
            request.Content = new ByteArrayContent(body)
            {
                Headers = { ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType) },
            };
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request);
        var content = await response.Content.ReadAsByteArrayAsync();
        return new WireAnswer(response.StatusCode, response.Headers, response.TrailingHeaders, content);
    }

    public void Dispose() => _http.Dispose();
}

using System.Net;
using System.Net.Http.Headers;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>The body of a unary call: one framed message, without a length header, as gRPC libraries send it.</summary>
internal sealed class UnaryContent(byte[] frame) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(frame).AsTask();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        stream.WriteAsync(frame, cancellationToken).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>
/// The body of a duplex call: it hands its stream out once the request is on a connection (which is how an opened call is told from one
/// that never left) and stays open until the call half-closes or is cancelled.
/// </summary>
internal sealed class DuplexContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Stream> Opened => _opened.Task;

    public void Complete() => _completed.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Headers may wait in a buffer until the first message; a server must see the call at once.
        await stream.FlushAsync(cancellationToken);
        _opened.TrySetResult(stream);
        await _completed.Task.WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>Builds the HTTP/2 request of a call.</summary>
internal static class GrpcRequest
{
    private static readonly MediaTypeHeaderValue ContentType = new("application/grpc");

    public static HttpRequestMessage Create(string method, HttpContent content, GrpcCallOptions options)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "http://localhost/" + method.TrimStart('/'))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.ContentType = ContentType;
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (options.Timeout is { } timeout)
            request.Headers.TryAddWithoutValidation("grpc-timeout", $"{(long)timeout.TotalMilliseconds}m");
        foreach (var (key, value) in options.Metadata?.Entries ?? [])
            Add(request, key, value);
        return request;
    }

    // HttpClient joins the values of one key with a comma, where gRPC sends a field each. A second value therefore goes
    // into the content's headers, which are written as fields of their own; a third and later one is joined to the second.
    private static void Add(HttpRequestMessage request, string key, string value)
    {
        if (request.Headers.NonValidated.Contains(key))
            request.Content!.Headers.TryAddWithoutValidation(key, value);
        else
            request.Headers.TryAddWithoutValidation(key, value);
    }
}

using System.Net;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// Has HttpClient send what Go's gRPC library sends. (1) It joins the values of one key with a comma, where gRPC sends a field each: a
/// second value goes into the content's headers, which are written as fields of their own; a third and later one is joined to the second.
/// (2) A call that the server has ended is over on this side too, also while nobody reads from it.
/// </summary>
internal sealed class LikeGo(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Content = new EndingContent(request.Content!);
        var repeated = request.Headers.NonValidated.Where(header =>
            header.Key.StartsWith("x-", StringComparison.Ordinal) && header.Value.Count > 1
        );
        foreach (var (name, values) in repeated.ToArray())
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, values.First());
            request.Content.Headers.TryAddWithoutValidation(name, values.Skip(1));
        }

        return base.SendAsync(request, cancellationToken);
    }

    /// <summary>
    /// Ends when HttpClient wants it to, which is when the response has ended; the library's own content waits for a reader.
    /// </summary>
    private sealed class EndingContent : HttpContent
    {
        private readonly HttpContent _inner;

        public EndingContent(HttpContent inner)
        {
            _inner = inner;
            foreach (var (name, values) in inner.Headers.NonValidated)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _inner.CopyToAsync(stream, context);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _inner.CopyToAsync(stream, context, cancellationToken).WaitAsync(cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

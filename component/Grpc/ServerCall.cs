namespace Darq.Grpc;

/// <summary>
/// What a handler sees of its call beside the messages. Response headers can be added until the first message is written and,
/// on a streaming call, until the handler first waits for anything, because they are then sent at once; trailers until it returns.
/// </summary>
internal sealed class ServerCall(string method, Metadata requestHeaders, DateTimeOffset? deadline, CancellationToken cancelled)
{
    // Null until a handler asks for them: most calls answer without any.
    private Metadata? _responseHeaders;
    private Metadata? _responseTrailers;

    /// <summary>The path of the method, as in <c>/package.Service/Method</c>.</summary>
    public string Method { get; } = method;

    public Metadata RequestHeaders { get; } = requestHeaders;

    public Metadata ResponseHeaders => Made(ref _responseHeaders);

    public Metadata ResponseTrailers => Made(ref _responseTrailers);

    public DateTimeOffset? Deadline { get; } = deadline;

    /// <summary>Fires when the client gives the call up, its connection ends, or the deadline passes.</summary>
    public CancellationToken Cancelled { get; } = cancelled;

    internal void SendHeaders(IHeaderDictionary destination) => Send(ref _responseHeaders, destination);

    internal void SendTrailers(IHeaderDictionary destination) => Send(ref _responseTrailers, destination);

    private static Metadata Made(ref Metadata? metadata) => Volatile.Read(ref metadata) ?? Interlocked.CompareExchange(ref metadata, new Metadata(), null) ?? metadata;

    /// <summary>Where nobody asked for any, those of whoever asks later count as sent.</summary>
    private static void Send(ref Metadata? metadata, IHeaderDictionary destination) => Interlocked.CompareExchange(ref metadata, Metadata.Sent, null)?.Send(destination);
}

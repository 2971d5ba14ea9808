namespace Darq.Grpc;

/// <summary>
/// What a handler sees of its call beside the messages. Response headers can be added until the first message is written and,
/// on a streaming call, until the handler first waits for anything, because they are then sent at once; trailers until it returns.
/// </summary>
internal sealed class ServerCall(string method, Metadata requestHeaders, DateTimeOffset? deadline, CancellationToken cancelled)
{
    /// <summary>The path of the method, as in <c>/package.Service/Method</c>.</summary>
    public string Method { get; } = method;

    public Metadata RequestHeaders { get; } = requestHeaders;

    public Metadata ResponseHeaders { get; } = new();

    public Metadata ResponseTrailers { get; } = new();

    public DateTimeOffset? Deadline { get; } = deadline;

    /// <summary>Fires when the client gives the call up, its connection ends, or the deadline passes.</summary>
    public CancellationToken Cancelled { get; } = cancelled;
}

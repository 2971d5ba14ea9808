using System.Net;
using System.Net.Sockets;
using Google.Protobuf;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// One HTTP/2 connection (prior knowledge, no TLS) to a gRPC server on a Unix socket: opened by the first call, opened again by the next
/// call after it was lost. Any number of calls share it; more than the server allows at once wait. Calls are unary
/// (<see cref="UnaryAsync"/>) or duplex (<see cref="OpenAsync"/>); a server-streaming call is a duplex call that half-closes after
/// its first message. Method names are "package.Service/Method".
/// </summary>
internal sealed class GrpcChannel : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly GrpcChannelOptions _options;
    private readonly string _socketPath;

    public GrpcChannel(string socketPath, GrpcChannelOptions? options = null)
    {
        _socketPath = socketPath;
        _options = options ?? new();
        _invoker = new(new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => ConnectAsync(socketPath, cancellation),
            EnableMultipleHttp2Connections = false,
            InitialHttp2StreamWindowSize = _options.StreamWindowBytes,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        });
    }

    /// <summary>One message there, one back. Throws <see cref="GrpcCallException"/> for every other status than OK.</summary>
    public async Task<TResponse> UnaryAsync<TResponse>(string method, IMessage message, MessageParser<TResponse> parser, GrpcCallOptions options = default)
        where TResponse : class, IMessage<TResponse>
    {
        using var deadline = Deadline(options);
        var cancellation = deadline?.Token ?? options.Cancellation;
        try
        {
            using var request = GrpcRequest.Create(method, new UnaryContent(MessageFrame.Of(message)), options);
            using var response = await _invoker.SendAsync(request, cancellation);
            return await ReadOnlyAnswerAsync(response, parser, cancellation);
        }
        catch (Exception fault) when (fault is not GrpcCallException)
        {
            throw new GrpcCallException(Ended(fault, options), fault);
        }
    }

    /// <summary>
    /// Starts a duplex call and returns once its headers are on a connection. A server's answer, even a refusal, is read later:
    /// as with every gRPC library a call opens before the server has said anything. Throws when no connection can be had.
    /// </summary>
    public async Task<GrpcDuplexCall> OpenAsync(string method, GrpcCallOptions options = default)
    {
        var stop = Deadline(options) ?? CancellationTokenSource.CreateLinkedTokenSource(options.Cancellation);
        var content = new DuplexContent();
        var request = GrpcRequest.Create(method, content, options);
        var answer = _invoker.SendAsync(request, stop.Token);
        if (await Task.WhenAny(content.Opened, answer) == answer && answer.IsFaulted | answer.IsCanceled && !content.Opened.IsCompleted)
        {
            request.Dispose();
            stop.Dispose();
            var fault = answer.Exception?.InnerException ?? new OperationCanceledException();
            throw new GrpcCallException(Ended(fault, options), fault);
        }
        return new(request, content, answer, stop, _options.MaxReceiveBytes, fault => Ended(fault, options));
    }

    public void Dispose() => _invoker.Dispose();

    private async Task<TResponse> ReadOnlyAnswerAsync<TResponse>(HttpResponseMessage response, MessageParser<TResponse> parser, CancellationToken cancellation)
        where TResponse : class, IMessage<TResponse>
    {
        if (GrpcResponse.Early(response) is { } early)
            throw new GrpcCallException(early.IsOK ? new(GrpcCode.Internal, "the server answered OK without a message") : early);
        using var reader = new FrameReader(await response.Content.ReadAsStreamAsync(cancellation), _options.MaxReceiveBytes);
        var message = await reader.ReadAsync(cancellation) is { } bytes ? StrictMessage.Parse(parser, bytes.Span) : null;
        if (message is not null && await reader.ReadAsync(cancellation) is not null)
            throw new GrpcCallException(new(GrpcCode.Internal, "the server sent more than one message"));
        var status = GrpcResponse.Late(response);
        if (!status.IsOK)
            throw new GrpcCallException(status);
        return message ?? throw new GrpcCallException(new(GrpcCode.Internal, "the server answered OK without a message"));
    }

    private GrpcStatus Ended(Exception fault, GrpcCallOptions options) =>
        fault is OperationCanceledException && options.Timeout is not null && !options.Cancellation.IsCancellationRequested
            ? new(GrpcCode.DeadlineExceeded, "context deadline exceeded")
            : GrpcResponse.FromFault(fault, _socketPath);

    private static CancellationTokenSource? Deadline(GrpcCallOptions options)
    {
        if (options.Timeout is not { } timeout)
            return null;
        var source = CancellationTokenSource.CreateLinkedTokenSource(options.Cancellation);
        source.CancelAfter(timeout);
        return source;
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>What a single call may be told.</summary>
internal readonly record struct GrpcCallOptions(
    Metadata? Metadata = null,
    TimeSpan? Timeout = null,
    CancellationToken Cancellation = default
);

/// <summary>
/// One HTTP/2 connection (prior knowledge, no TLS) to a gRPC server on a Unix socket or a TCP port: opened by the first call, opened again
/// by the next call after it was lost. Any number of calls share it. Methods are named "package.Service/Method" and messages need no
/// generated client, because the stand-in sidecar speaks for components that it does not know.
/// </summary>
internal sealed class SocketChannel : IDisposable
{
    /// <summary>The largest message accepted from the server: the default of every gRPC library.</summary>
    private const int ReceiveMaxBytes = 4 * 1024 * 1024;

    /// <summary>
    /// What a server may send on a stream that nobody reads: HTTP/2's own start value, and that of daprd. HttpClient lets it grow with
    /// the measured round trip, unless the process sets System.Net.SocketsHttpHandler.Http2FlowControl.DisableDynamicWindowSizing.
    /// </summary>
    private const int StreamWindowBytes = 65_535;

    private static readonly Marshaller<IMessage> Requests = Marshallers.Create<IMessage>(
        message => message.ToByteArray(),
        _ => throw new NotSupportedException()
    );
    private static readonly Marshaller<byte[]> Responses = new((_, _) => throw new NotSupportedException(), Receive);

    private readonly GrpcChannel _channel;
    private readonly CallInvoker _calls;
    private readonly string _address;

    public SocketChannel(string socketPath)
        : this("unix " + socketPath, cancellation => UnixStream.ConnectAsync(socketPath, cancellation)) { }

    public SocketChannel(string host, int port)
        : this($"tcp {host}:{port}", cancellation => TcpStream.ConnectAsync(new(host, port), cancellation)) { }

    // The address as Go's dialler spells it.
    private SocketChannel(string address, Func<CancellationToken, ValueTask<Stream>> connect)
    {
        _address = address;
        var sockets = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => connect(cancellation),
            EnableMultipleHttp2Connections = false,
            InitialHttp2StreamWindowSize = StreamWindowBytes,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ActivityHeadersPropagator = null,
            UseProxy = false,
        };
        _channel = GrpcChannel.ForAddress(
            "http://localhost",
            new GrpcChannelOptions
            {
                HttpHandler = new LikeGo(sockets),
                DisposeHttpClient = true,
                // Checked by this class, with the text that daprd has for it.
                MaxReceiveMessageSize = null,
            }
        );
        _calls = _channel.CreateCallInvoker();
    }

    /// <summary>One message there, one back. Throws <see cref="GrpcCallException"/> for every other status than OK.</summary>
    public async Task<TResponse> UnaryAsync<TResponse>(
        string method,
        IMessage message,
        MessageParser<TResponse> parser,
        GrpcCallOptions options = default
    )
        where TResponse : class, IMessage<TResponse> => StrictMessage.Parse(parser, await AnswerAsync(method, message, options));

    /// <summary>The same where the type of the answer is known only while the program runs.</summary>
    public async Task<IMessage> UnaryAsync(string method, IMessage message, MessageDescriptor answer, GrpcCallOptions options = default) =>
        StrictMessage.Parse(answer, await AnswerAsync(method, message, options));

    /// <summary>
    /// Starts a duplex call. Like every gRPC library this does not wait for the server, nor even for a connection: the first message that
    /// is written or read tells when there is none.
    /// </summary>
    public GrpcDuplexCall Open(string method, GrpcCallOptions options = default)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(options.Cancellation);
        var call = _calls.AsyncDuplexStreamingCall(Method(MethodType.DuplexStreaming, method), null, Options(options, stop.Token));
        return new(call, stop, fault => StatusTexts.Of(fault, _address));
    }

    public void Dispose() => _channel.Dispose();

    private async Task<byte[]> AnswerAsync(string method, IMessage message, GrpcCallOptions options)
    {
        try
        {
            using var call = _calls.AsyncUnaryCall(Method(MethodType.Unary, method), null, Options(options, options.Cancellation), message);
            return await call.ResponseAsync;
        }
        catch (RpcException fault)
        {
            throw new GrpcCallException(StatusTexts.Of(fault, _address), fault);
        }
    }

    private static Method<IMessage, byte[]> Method(MethodType type, string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return new(type, name[..slash], name[(slash + 1)..], Requests, Responses);
    }

    private static CallOptions Options(GrpcCallOptions options, CancellationToken cancellation) =>
        new(options.Metadata, options.Timeout is { } timeout ? DateTime.UtcNow + timeout : null, cancellation);

    private static byte[] Receive(DeserializationContext context) =>
        context.PayloadLength <= ReceiveMaxBytes
            ? context.PayloadAsNewBuffer()
            : throw new GrpcCallException(
                new(GrpcCode.ResourceExhausted, $"grpc: received message larger than max ({context.PayloadLength} vs. {ReceiveMaxBytes})")
            );
}

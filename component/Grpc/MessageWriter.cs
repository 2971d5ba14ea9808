using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Darq.Grpc;

/// <summary>
/// Puts length-prefixed messages into a response's body. They are serialised straight into the transport's buffers, and a
/// write waits until those have room: at most one message and the transport's 64 KiB are in memory for a client that does not read.
/// </summary>
internal sealed class MessageWriter<T>(Exchange exchange) : IMessageWriter<T>
    where T : class, IMessage<T>
{
    /// <summary>Fits into one of the transport's buffers, each visit to which takes a lock.</summary>
    private const int AtOnceBytes = 4096 - Frame.HeaderBytes;

    private readonly PipeWriter _body = exchange.ResponseBody;
    private int _writing;

    public ValueTask WriteAsync(T message, CancellationToken cancellation) => WriteAsync(message, null, cancellation);

    public ValueTask WriteEncodedAsync(IEncodedMessage message, CancellationToken cancellation) => WriteAsync(null, message, cancellation);

    /// <summary>Writes the only message of a response; it leaves together with the trailers that follow it.</summary>
    public static void WriteSingle(Exchange exchange, T message) => WriteFrame(exchange, exchange.ResponseBody, message, null);

    /// <summary>Writes the one of the two that is there; a wrapper around the generated one would be an object more.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(T? generated, IEncodedMessage? encoded, CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _writing, 1) == 1)
            throw new InvalidOperationException("Another message is being written to this call: give each call one writer.");
        try
        {
            var token = exchange.CancelWriteWith(cancellation);
            token.ThrowIfCancellationRequested();
            await exchange.StartResponseAsync();
            WriteFrame(exchange, _body, generated, encoded);
            var result = await _body.FlushAsync(token);
            // The transport swallows the cancellation of a flush, and writes to a client that has gone.
            token.ThrowIfCancellationRequested();
            if (result.IsCompleted)
                throw exchange.ClientIsGone(null);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    private static void WriteFrame(Exchange exchange, PipeWriter body, T? generated, IEncodedMessage? encoded)
    {
        var length = encoded?.CalculateSize() ?? generated!.CalculateSize();
        if (length > exchange.Limits.SendMaxBytes)
            throw new RpcException(StatusCode.ResourceExhausted, $"The response has {length} bytes; at most {exchange.Limits.SendMaxBytes} are sent.");
        exchange.PrepareHeaders();
        try
        {
            if (generated is not null && length <= AtOnceBytes)
                WriteAtOnce(body, generated, length);
            else
                WriteInParts(body, generated, encoded, length);
        }
        catch
        {
            exchange.Reset();
            throw;
        }
    }

    private static void WriteAtOnce(PipeWriter body, T message, int length)
    {
        var frame = body.GetSpan(Frame.HeaderBytes + length)[..(Frame.HeaderBytes + length)];
        WriteHeader(frame, length);
        message.WriteTo(frame[Frame.HeaderBytes..]);
        body.Advance(frame.Length);
    }

    private static void WriteInParts(PipeWriter body, T? generated, IEncodedMessage? encoded, int length)
    {
        WriteHeader(body.GetSpan(Frame.HeaderBytes), length);
        body.Advance(Frame.HeaderBytes);
        if (encoded is not null)
            encoded.WriteTo(body);
        else
            generated!.WriteTo(body);
    }

    private static void WriteHeader(Span<byte> header, int length)
    {
        header[0] = Frame.Plain;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
    }
}

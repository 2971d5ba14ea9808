using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Darq.Grpc;

/// <summary>
/// Puts length-prefixed messages into a response's body. They are serialised straight into the transport's buffers, and a
/// write waits until those have room: at most one message and the transport's 64 KiB are in memory for a client that does not read.
/// </summary>
internal sealed class MessageWriter<T>(Exchange exchange) : IMessageWriter<T>
    where T : class, IMessage<T>
{
    private readonly PipeWriter _body = exchange.ResponseBody;
    private int _writing;

    public async ValueTask WriteAsync(T message, CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _writing, 1) == 1)
            throw new InvalidOperationException("Another message is being written to this call: give each call one writer.");
        try
        {
            using var scope = exchange.CancelWith(cancellation);
            scope.Token.ThrowIfCancellationRequested();
            await exchange.StartResponseAsync();
            WriteFrame(message);
            var result = await _body.FlushAsync(scope.Token);
            // The transport swallows the cancellation of a flush, and writes to a client that has gone.
            scope.Token.ThrowIfCancellationRequested();
            if (result.IsCompleted)
                throw exchange.ClientIsGone(null);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <summary>Writes the only message of a response; it leaves together with the trailers that follow it.</summary>
    public void WriteSingle(T message) => WriteFrame(message);

    private void WriteFrame(T message)
    {
        var length = message.CalculateSize();
        if (length > exchange.Limits.SendMaxBytes)
            throw new RpcException(StatusCode.ResourceExhausted, $"The response has {length} bytes; at most {exchange.Limits.SendMaxBytes} are sent.");
        exchange.PrepareHeaders();
        var header = _body.GetSpan(Frame.HeaderBytes);
        header[0] = Frame.Plain;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
        _body.Advance(Frame.HeaderBytes);
        try
        {
            message.WriteTo(_body);
        }
        catch
        {
            exchange.Reset();
            throw;
        }
    }
}

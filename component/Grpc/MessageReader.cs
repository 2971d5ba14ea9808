using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Darq.Grpc;

/// <summary>
/// Takes length-prefixed messages from a request's body. They are parsed where the transport received them, so their bytes
/// are copied once, into the fields of the message; a length over the limit is refused before anything of it is buffered.
/// </summary>
internal sealed class MessageReader<T>(Exchange exchange, MessageParser<T> parser) : IMessageReader<T>
    where T : class, IMessage<T>
{
    private readonly PipeReader _body = exchange.RequestBody;

    // A stream reads all its life and awaits each read once, so what one left is used by the next.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadAsync(CancellationToken cancellation)
    {
        var token = exchange.CancelReadWith(cancellation);
        while (true)
        {
            var result = await ReceiveAsync(token);
            var rest = result.Buffer;
            var (consumed, examined) = (rest.Start, rest.End);
            try
            {
                if (TryTake(ref rest) is { } message)
                {
                    // What follows is not examined yet: the next read finds it without waiting for the network.
                    consumed = examined = rest.Start;
                    return message;
                }

                if (result.IsCompleted)
                    return rest.IsEmpty ? null : throw new RpcException(StatusCode.Internal, "The request ends inside a message.");
            }
            finally
            {
                Release(consumed, examined);
            }
        }
    }

    /// <summary>
    /// The only message of a call that takes one. The request is read to its end, as the protocol wants before trailers, and
    /// mostly all of it is there at once. A wrong count is Internal because clients would take Unimplemented for a method that does not exist.
    /// </summary>
    public async ValueTask<T> ReadSingleAsync()
    {
        T? message = null;
        while (true)
        {
            var result = await ReceiveAsync(exchange.CancelReadWith(default));
            var rest = result.Buffer;
            var consumed = rest.Start;
            try
            {
                if (message is null && (message = TryTake(ref rest)) is not null)
                    consumed = rest.Start;
                if (message is not null && !rest.IsEmpty)
                    throw new RpcException(StatusCode.Internal, "The request goes on after its only message.");
                if (result.IsCompleted)
                    return message ?? throw new RpcException(StatusCode.Internal, rest.IsEmpty ? "The request holds no message." : "The request ends inside a message.");
            }
            finally
            {
                Release(consumed, result.Buffer.End);
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            return await _body.ReadAsync(cancellation);
        }
        catch (IOException fault)
        {
            throw exchange.ClientIsGone(fault);
        }
    }

    private void Release(SequencePosition consumed, SequencePosition examined)
    {
        try
        {
            _body.AdvanceTo(consumed, examined);
        }
        catch (IOException fault)
        {
            throw exchange.ClientIsGone(fault);
        }
    }

    private T? TryTake(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < Frame.HeaderBytes)
            return null;
        Span<byte> header = stackalloc byte[Frame.HeaderBytes];
        buffer.Slice(0, Frame.HeaderBytes).CopyTo(header);
        var length = CheckedLength(header);
        if (buffer.Length < Frame.HeaderBytes + length)
            return null;
        var payload = buffer.Slice(Frame.HeaderBytes, length);
        buffer = buffer.Slice(payload.End);
        return Parse(payload);
    }

    private uint CheckedLength(ReadOnlySpan<byte> header)
    {
        if (header[0] == Frame.Compressed)
            throw exchange.CompressionRefused();
        if (header[0] != Frame.Plain)
            throw new RpcException(StatusCode.Internal, $"A message starts with the flag {header[0]}; only 0 and 1 are defined.");
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return length <= exchange.Limits.ReceiveMaxBytes
            ? length
            : throw new RpcException(StatusCode.ResourceExhausted, $"A message has {length} bytes; at most {exchange.Limits.ReceiveMaxBytes} are accepted.");
    }

    private T Parse(ReadOnlySequence<byte> payload)
    {
        try
        {
            return parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RpcException(StatusCode.Internal, $"A message of the request is not a valid {typeof(T).Name}.");
        }
    }
}

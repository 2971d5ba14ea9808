using System.Buffers;
using System.Buffers.Binary;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// Cuts a response body into messages. It asks the body for more only when a whole message is not at hand, so that a caller who stops
/// reading stops the server through HTTP/2's flow control. The memory it returns is valid until the next read.
/// </summary>
internal sealed class FrameReader(Stream body, int maxBytes) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(8 * 1024);
    private int _start, _end;

    /// <summary>The next message, or null at the end of the body.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        if (!await FillAsync(MessageFrame.HeaderBytes, cancellation))
            return _start == _end ? null : throw Broken(GrpcCode.Internal, "unexpected EOF");
        var header = _buffer.AsSpan(_start, MessageFrame.HeaderBytes);
        if (header[0] != 0)
            throw Broken(GrpcCode.Internal, "grpc: received a compressed message without having offered an encoding");
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > maxBytes)
            throw Broken(GrpcCode.ResourceExhausted, $"grpc: received message larger than max ({length} vs. {maxBytes})");
        _start += MessageFrame.HeaderBytes;
        if (!await FillAsync((int)length, cancellation))
            throw Broken(GrpcCode.Internal, "unexpected EOF");
        var message = _buffer.AsMemory(_start, (int)length);
        _start += (int)length;
        return message;
    }

    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellation)
    {
        if (_end - _start >= wanted)
            return true;
        MakeRoom(wanted);
        while (_end - _start < wanted)
        {
            var read = await body.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
                return false;
            _end += read;
        }
        return true;
    }

    private void MakeRoom(int wanted)
    {
        var target = wanted > _buffer.Length ? ArrayPool<byte>.Shared.Rent(wanted) : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        (_start, _end) = (0, _end - _start);
        if (target == _buffer)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = target;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _start = _end = 0;
    }

    private static GrpcCallException Broken(GrpcCode code, string message) => new(new(code, message));
}

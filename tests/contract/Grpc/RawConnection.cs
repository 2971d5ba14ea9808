using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Darq.Tests.Contract.Grpc;

internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    ResetStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
}

internal sealed record RawFrame(FrameType Type, byte Flags, int Stream, byte[] Payload);

/// <summary>
/// HTTP/2 spoken byte by byte, to say what no client library says and to see exactly how much the server sends. It never
/// gives window back and never decodes headers.
/// </summary>
internal sealed class RawConnection : IDisposable
{
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;
    private const int FrameHeaderBytes = 9;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };

    public RawConnection(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    public void SendBytes(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    public void SendPreface()
    {
        SendBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Send(FrameType.Settings, 0, 0, []);
    }

    public void Send(FrameType type, byte flags, int stream, byte[] payload)
    {
        var header = new byte[FrameHeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(header, payload.Length << 8);
        header[3] = (byte)type;
        header[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(5), stream);
        SendBytes([.. header, .. payload]);
    }

    public void SendRequestHeaders(int stream, string method, params (string, string)[] more)
    {
        (string, string)[] headers =
        [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/darq.conformance.Conformance/" + method),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            .. more,
        ];
        Send(FrameType.Headers, EndHeaders, stream, [.. headers.SelectMany(header => Literal(header.Item1, header.Item2))]);
    }

    /// <summary>The next frame, or null once the server has closed the connection.</summary>
    public RawFrame? Receive()
    {
        if (ReceiveExactly(FrameHeaderBytes) is not { } header)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(header) >> 8;
        var stream = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5));
        return ReceiveExactly(length) is { } payload ? new RawFrame((FrameType)header[3], header[4], stream, payload) : null;
    }

    /// <summary>Reads on until a frame of one of the types comes; null if the connection ends before.</summary>
    public RawFrame? ReceiveUntil(params FrameType[] types)
    {
        while (Receive() is { } frame)
        {
            if (types.Contains(frame.Type))
            {
                return frame;
            }
        }

        return null;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>
    /// A header in HPACK's plainest form: without tables and without Huffman coding. All parts are shorter than 127 bytes.
    /// </summary>
    private static byte[] Literal(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private byte[]? ReceiveExactly(int length)
    {
        var bytes = new byte[length];
        for (var filled = 0; filled < length;)
        {
            int received;
            try
            {
                received = _socket.Receive(bytes.AsSpan(filled));
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
            {
                return null;
            }

            if (received == 0)
            {
                return null;
            }

            filled += received;
        }

        return bytes;
    }
}

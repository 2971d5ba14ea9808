using System.Buffers.Binary;
using System.Net.Sockets;

namespace Darq.Benchmarks.Client;

/// <summary>Everything that goes out: opening calls, and messages within what the server's windows allow.</summary>
internal sealed partial class LoadConnection
{
    private const byte EndStream = 1;
    private const byte Acknowledges = 1;
    private const byte EndHeaders = 4;
    private const short HeaderTableSize = 1;
    private const short InitialWindowSize = 4;
    private const int MaxFrameBytes = 16_384;

    private readonly HeaderBlocks _headers = new();
    private readonly Stack<Call> _idle = new(1024);

    // What a window keeps back, in the order in which it was to be sent.
    private readonly Queue<(Call Call, ReadOnlyMemory<byte> Remaining, bool Ends)> _blocked = new();
    private byte[] _output = new byte[1 << 16];
    private int _sent;
    private int _written;
    private int _lastStream = -1;
    private long _connectionWindow = FirstWindow;
    private int _streamWindow = FirstWindow;

    private bool HasOutput => _written > _sent;

    /// <summary>Calls a method with one message, which has its five bytes of prefix already.</summary>
    public Call Start(Method method, ICallSink sink, ReadOnlySpan<byte> message)
    {
        var call = Open(method, sink);
        Send(call, message, ends: true);
        return call;
    }

    /// <summary>Opens a call whose messages come later.</summary>
    public Call Open(Method method, ICallSink sink)
    {
        var call = _idle.Count > 0 ? _idle.Pop() : new Call();
        call.Begin(_lastStream += 2, sink, _streamWindow);
        _calls.Add(call.Stream, call);
        Write(FrameType.Headers, EndHeaders, call.Stream, _headers.Of(method));
        return call;
    }

    /// <summary>Sends a message with its prefix, or keeps back what the windows do not allow yet.</summary>
    public void Send(Call call, ReadOnlySpan<byte> message, bool ends = false)
    {
        if (_blocked.Count > 0 || !TrySend(call, ref message, ends))
        {
            _blocked.Enqueue((call, message.ToArray(), ends));
        }
    }

    private void SendBlocked()
    {
        while (_blocked.TryPeek(out var next))
        {
            var rest = next.Remaining.Span;
            var whole = TrySend(next.Call, ref rest, next.Ends);
            _blocked.Dequeue();
            if (whole)
            {
                continue;
            }
            // Back to the front, shortened; only calls behind it on the same connection have to wait, which is bounded by the load.
            var behind = _blocked.ToArray();
            _blocked.Clear();
            _blocked.Enqueue((next.Call, rest.ToArray(), next.Ends));
            foreach (var later in behind)
            {
                _blocked.Enqueue(later);
            }

            return;
        }
    }

    private bool TrySend(Call call, ref ReadOnlySpan<byte> message, bool ends)
    {
        while (!message.IsEmpty)
        {
            var length = (int)Math.Min(Math.Min(message.Length, MaxFrameBytes), Math.Min(call.SendWindow, _connectionWindow));
            if (length <= 0)
            {
                return false;
            }

            var last = length == message.Length;
            Write(FrameType.Data, last && ends ? EndStream : (byte)0, call.Stream, message[..length]);
            call.SendWindow -= length;
            _connectionWindow -= length;
            message = message[length..];
        }

        return true;
    }

    /// <summary>The preface: windows so wide that the server never waits for us, and no tables in its header encoder.</summary>
    private void Open()
    {
        Append("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Span<byte> settings = stackalloc byte[12];
        BinaryPrimitives.WriteInt16BigEndian(settings, HeaderTableSize);
        BinaryPrimitives.WriteInt32BigEndian(settings[2..], 0);
        BinaryPrimitives.WriteInt16BigEndian(settings[6..], InitialWindowSize);
        BinaryPrimitives.WriteInt32BigEndian(settings[8..], OurStreamWindow);
        Write(FrameType.Settings, 0, 0, settings);
        WriteWindowUpdate(0, OurConnectionWindow - FirstWindow);
    }

    private void WriteWindowUpdate(int stream, int more)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, more);
        Write(FrameType.WindowUpdate, 0, stream, bytes);
    }

    private void Write(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(header, payload.Length << 8);
        header[3] = (byte)type;
        header[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        Append(header);
        Append(payload);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_output.Length - _written < bytes.Length)
        {
            MakeRoom(bytes.Length);
        }

        bytes.CopyTo(_output.AsSpan(_written));
        _written += bytes.Length;
    }

    private void MakeRoom(int more)
    {
        var left = _output.AsSpan(_sent, _written - _sent);
        var target =
            _output.Length - left.Length >= more && _sent >= _output.Length / 2
                ? _output
                : new byte[Math.Max(_output.Length * 2, left.Length + more)];
        left.CopyTo(target);
        (_output, _sent, _written) = (target, 0, left.Length);
    }

    private void Flush()
    {
        while (HasOutput)
        {
            var count = _socket.Send(_output.AsSpan(_sent, _written - _sent), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            if (error != SocketError.Success)
            {
                throw new LoadFailedException($"the component takes nothing any more ({error})");
            }

            _sent += count;
        }

        (_sent, _written) = (0, 0);
    }
}

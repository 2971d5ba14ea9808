using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Darq.Benchmarks.Client;

/// <summary>
/// gRPC over HTTP/2 on a Unix socket, as lean as it gets: one thread that turns <see cref="Pump"/>, no garbage per call, and
/// everything that was answered or asked meanwhile in one system call. It never waits for room to send without taking in what
/// the server has to say, so the two cannot block each other. Anything but a clean answer is a fault that ends the run.
/// </summary>
internal sealed partial class LoadConnection : IDisposable
{
    public const int MaxWaitMilliseconds = 10;

    private const int FrameHeaderBytes = 9;
    private const int ReceiveBytes = 1 << 20;
    private const int OurStreamWindow = 1 << 20;
    private const int OurConnectionWindow = 1 << 28;
    private const int FirstWindow = 65_535;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Dictionary<int, Call> _calls = new(1024);
    private byte[] _received = new byte[ReceiveBytes];
    private int _from;
    private int _to;
    private int _unacknowledged;
    private bool _hasSettings;
    private long _lastHeard = Stopwatch.GetTimestamp();

    private enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        ResetStream = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
    }

    public LoadConnection(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.Blocking = false;
        Open();
        while (!_hasSettings)
        {
            Pump();
        }
    }

    /// <summary>Sends what is due, and takes in what came; waits for a moment if there is neither. Throws what ends the run.</summary>
    public void Pump(int waitMilliseconds = MaxWaitMilliseconds)
    {
        Flush();
        var count = _socket.Receive(_received.AsSpan(_to), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            Wait(waitMilliseconds);
            return;
        }

        if (error != SocketError.Success || count == 0)
        {
            throw new LoadFailedException($"the component closed the connection ({error})");
        }

        _to += count;
        _lastHeard = Stopwatch.GetTimestamp();
        while (TakeFrame()) { }

        Compact();
        GiveWindowBack();
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Waits until the socket can be read, or written if something is left to write.</summary>
    private void Wait(int milliseconds)
    {
        if (HasOutput)
        {
            List<Socket> reading = [_socket],
                writing = [_socket];
            Socket.Select(reading, writing, null, milliseconds * 1000);
        }
        else if (
            !_socket.Poll(milliseconds * 1000, SelectMode.SelectRead)
            && _calls.Count > 0
            && Stopwatch.GetElapsedTime(_lastHeard) > Patience
        )
        {
            throw new LoadFailedException(
                $"the component said nothing for {Patience.TotalSeconds:0} s while {_calls.Count} calls were open"
            );
        }
    }

    private bool TakeFrame()
    {
        if (_to - _from < FrameHeaderBytes)
        {
            return false;
        }

        var frame = _received.AsSpan(_from, _to - _from);
        var length = BinaryPrimitives.ReadInt32BigEndian(frame) >>> 8;
        if (frame.Length < FrameHeaderBytes + length)
        {
            return false;
        }

        var stream = BinaryPrimitives.ReadInt32BigEndian(frame[5..]);
        // What the frame makes a sink do must not see it a second time.
        _from += FrameHeaderBytes + length;
        Handle((FrameType)frame[3], frame[4], stream, frame.Slice(FrameHeaderBytes, length));
        return true;
    }

    private void Handle(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.Data:
                TakeData(stream, payload, (flags & EndStream) != 0);
                break;
            case FrameType.Headers:
                TakeHeaders(stream, flags, payload);
                break;
            case FrameType.WindowUpdate:
                TakeWindow(stream, BinaryPrimitives.ReadInt32BigEndian(payload));
                break;
            case FrameType.Settings when (flags & Acknowledges) == 0:
                TakeSettings(payload);
                break;
            case FrameType.Ping when (flags & Acknowledges) == 0:
                Write(FrameType.Ping, Acknowledges, 0, payload);
                break;
            case FrameType.ResetStream:
                throw new LoadFailedException($"the component reset a call (error {BinaryPrimitives.ReadInt32BigEndian(payload)})");
            case FrameType.GoAway:
                throw new LoadFailedException(
                    $"the component ended the connection (error {BinaryPrimitives.ReadInt32BigEndian(payload[4..])})"
                );
        }
    }

    private void TakeData(int stream, ReadOnlySpan<byte> payload, bool ends)
    {
        _unacknowledged += payload.Length;
        var call = _calls[stream];
        call.Unacknowledged += payload.Length;
        if (call.Unacknowledged > OurStreamWindow / 2)
        {
            WriteWindowUpdate(stream, call.Unacknowledged);
            call.Unacknowledged = 0;
        }

        call.Take(payload);
        if (ends)
        {
            throw new LoadFailedException("a call ended without a status");
        }
    }

    private void TakeHeaders(int stream, byte flags, ReadOnlySpan<byte> block)
    {
        if ((flags & EndHeaders) == 0)
        {
            throw new LoadFailedException("the component sent headers in several frames");
        }

        if ((flags & EndStream) == 0)
        {
            return;
        }
        // The table size that we announced keeps the encoder from using tables, so names and values stand there as they are.
        if (block.IndexOf("grpc-status\u00010"u8) < 0)
        {
            throw new LoadFailedException($"a call failed: {Printable(block)}");
        }

        if (!_calls.Remove(stream, out var call))
        {
            return;
        }

        call.Sink.Completed(call);
        _idle.Push(call);
    }

    private void TakeSettings(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= 6; payload = payload[6..])
        {
            if (BinaryPrimitives.ReadInt16BigEndian(payload) != InitialWindowSize)
            {
                continue;
            }

            var window = BinaryPrimitives.ReadInt32BigEndian(payload[2..]);
            foreach (var call in _calls.Values)
            {
                call.SendWindow += window - _streamWindow;
            }

            _streamWindow = window;
        }

        _hasSettings = true;
        Write(FrameType.Settings, Acknowledges, 0, []);
        SendBlocked();
    }

    private void TakeWindow(int stream, int more)
    {
        if (stream == 0)
        {
            _connectionWindow += more;
        }
        else if (_calls.TryGetValue(stream, out var call))
        {
            call.SendWindow += more;
        }

        SendBlocked();
    }

    private void Compact()
    {
        if (_from == _to)
        {
            (_from, _to) = (0, 0);
        }

        if (_from < _received.Length / 2)
        {
            return;
        }

        _received.AsSpan(_from, _to - _from).CopyTo(_received);
        (_from, _to) = (0, _to - _from);
    }

    private void GiveWindowBack()
    {
        if (_unacknowledged < OurConnectionWindow / 4)
        {
            return;
        }

        WriteWindowUpdate(0, _unacknowledged);
        _unacknowledged = 0;
    }

    private static string Printable(ReadOnlySpan<byte> block) =>
        string.Concat(Encoding.UTF8.GetString(block).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
}

/// <summary>A run that proves nothing, because something in it failed. The text says what.</summary>
internal sealed class LoadFailedException(string message) : Exception(message);

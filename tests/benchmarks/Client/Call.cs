using System.Buffers.Binary;

namespace Darq.Benchmarks.Client;

/// <summary>
/// Who hears of a call's answers. Both are called from the connection's pump; what they send goes out with its next turn.
/// </summary>
internal interface ICallSink
{
    /// <summary>A whole message came. The bytes are only valid during the call.</summary>
    void Received(Call call, ReadOnlySpan<byte> message);

    /// <summary>The call ended with the status OK; any other ends the connection with a fault.</summary>
    void Completed(Call call);
}

/// <summary>One call on a connection; reused for the next when it has ended, so that a load makes no garbage.</summary>
internal sealed class Call
{
    private const int PrefixBytes = 5;

    private byte[] _partial = new byte[PrefixBytes];
    private int _filled;

    public int Stream { get; private set; }

    public ICallSink Sink { get; private set; } = null!;

    /// <summary>Bytes that the server still takes on this stream.</summary>
    public long SendWindow { get; set; }

    /// <summary>Bytes received since the last window update of this stream.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>What the load that owns it remembers with it.</summary>
    public object? Tag { get; set; }

    /// <summary>When it was started, as the load that owns it counts time.</summary>
    public long Started { get; set; }

    public void Begin(int stream, ICallSink sink, long sendWindow) =>
        (Stream, Sink, SendWindow, Unacknowledged, _filled) = (stream, sink, sendWindow, 0, 0);

    /// <summary>Takes the content of a data frame and hands on every message that is complete.</summary>
    public void Take(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_filled == 0 && data.Length >= PrefixBytes && data.Length >= PrefixBytes + LengthOf(data))
            {
                var length = LengthOf(data);
                Sink.Received(this, data.Slice(PrefixBytes, length));
                data = data[(PrefixBytes + length)..];
            }
            else
            {
                data = TakePart(data);
            }
        }
    }

    private ReadOnlySpan<byte> TakePart(ReadOnlySpan<byte> data)
    {
        var wanted = _filled < PrefixBytes ? PrefixBytes : PrefixBytes + LengthOf(_partial);
        var taken = Math.Min(wanted - _filled, data.Length);
        if (_partial.Length < wanted)
        {
            Array.Resize(ref _partial, wanted);
        }

        data[..taken].CopyTo(_partial.AsSpan(_filled));
        _filled += taken;
        if (_filled >= PrefixBytes && _filled == PrefixBytes + LengthOf(_partial))
        {
            _filled = 0;
            Sink.Received(this, _partial.AsSpan(PrefixBytes, LengthOf(_partial)));
        }

        return data[taken..];
    }

    private static int LengthOf(ReadOnlySpan<byte> prefixed) => BinaryPrimitives.ReadInt32BigEndian(prefixed[1..]);
}

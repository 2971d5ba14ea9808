namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// Bytes that are put together anew again and again, in dozens of small pieces a delivery: an ArrayBufferWriter would be asked through its
/// interface for each. What grew for one large message is given back with the next.
/// </summary>
internal sealed class ByteBuffer
{
    private const int KeptBytes = 16 * 1024;
    private const int FirstBytes = 1024;

    private byte[] _bytes = new byte[FirstBytes];

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Count);

    public void Clear()
    {
        Count = 0;
        if (_bytes.Length > KeptBytes)
        {
            _bytes = new byte[FirstBytes];
        }
    }

    public void Add(byte value) => Reserve(1)[0] = value;

    public void Add(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>The next bytes, for the caller to fill.</summary>
    public Span<byte> Reserve(int count)
    {
        var end = Count + count;
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(end, 2 * _bytes.Length));
        }

        var reserved = _bytes.AsSpan(Count, count);
        Count = end;
        return reserved;
    }

    /// <summary>Takes back what was reserved and not filled.</summary>
    public void Return(int count) => Count -= count;
}

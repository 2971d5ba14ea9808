using System.Buffers.Text;
using System.Text;
using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>The values of some headers one behind the other, in ASCII. Used again for each delivery.</summary>
internal sealed class HeaderBuffer(int count)
{
    private const int LongestNumber = 20;

    private readonly ByteBuffer _bytes = new();
    private readonly int[] _ends = new int[count];

    public ReadOnlySpan<byte> this[int index] => _bytes.Written[(index == 0 ? 0 : _ends[index - 1]).._ends[index]];

    public void Clear() => _bytes.Clear();

    public HeaderBuffer Text(string text)
    {
        Encoding.ASCII.GetBytes(text, _bytes.Reserve(text.Length));
        return this;
    }

    public HeaderBuffer Sign(char sign)
    {
        _bytes.Add((byte)sign);
        return this;
    }

    public HeaderBuffer Number(long number)
    {
        Utf8Formatter.TryFormat(number, _bytes.Reserve(LongestNumber), out var length);
        _bytes.Return(LongestNumber - length);
        return this;
    }

    public HeaderBuffer Position(Position position) => Number(position.WorldLine).Sign('-').Number(position.Number);

    /// <summary>What was written since the one before is the value of this one; they are ended in their order.</summary>
    public void End(int index) => _ends[index] = _bytes.Count;
}

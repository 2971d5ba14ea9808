using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Darq.Partitions;

namespace Darq.Lanes;

/// <summary>The values of some headers one behind the other, in ASCII. Used again for each delivery.</summary>
internal sealed class HeaderValues(int count)
{
    private readonly ArrayBufferWriter<byte> _written = new(512);
    private readonly int[] _ends = new int[count];

    public ReadOnlySpan<byte> this[int index] => _written.WrittenSpan[(index == 0 ? 0 : _ends[index - 1]).._ends[index]];

    public void Clear() => _written.ResetWrittenCount();

    public HeaderValues Text(string text)
    {
        _written.Advance(Encoding.ASCII.GetBytes(text, _written.GetSpan(text.Length)));
        return this;
    }

    public HeaderValues Number(long number)
    {
        Utf8Formatter.TryFormat(number, _written.GetSpan(20), out var length);
        _written.Advance(length);
        return this;
    }

    public HeaderValues Position(Position position) => Number(position.WorldLine).Text("-").Number(position.Number);

    /// <summary>What was written since the one before is the value of this one; they are ended in their order.</summary>
    public void End(int index) => _ends[index] = _written.WrittenCount;
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Darq.Redis;

/// <summary>
/// One argument of a function call: text, a number or bytes. The only type from which arguments are built, because
/// the client library drops the shared connection when it meets a type that it does not know.
/// </summary>
internal readonly struct RedisArgument
{
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;

    private RedisArgument(string? text, ReadOnlyMemory<byte> bytes) => (_text, _bytes) = (text, bytes);

    public static implicit operator RedisArgument(string text) => new(text, default);

    public static implicit operator RedisArgument(long number) => new(number.ToString(CultureInfo.InvariantCulture), default);

    public static implicit operator RedisArgument(ReadOnlyMemory<byte> bytes) => new(null, bytes);

    /// <summary>What the argument weighs on the wire, in bytes; text is counted as if it were ASCII.</summary>
    public int Length => _text?.Length ?? _bytes.Length;

    /// <summary>The argument's bytes; not a copy where the memory is a whole array.</summary>
    public byte[] ToBytes() =>
        _text is not null ? Encoding.UTF8.GetBytes(_text)
        : MemoryMarshal.TryGetArray(_bytes, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array
        : _bytes.ToArray();
}

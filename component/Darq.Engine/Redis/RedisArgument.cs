using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;

namespace Darq.Engine.Redis;

/// <summary>
/// One argument of a function call: text, a number or bytes, encoded once. All arguments are built from this type, never by the
/// client library's own conversions.
/// </summary>
internal readonly struct RedisArgument
{
    private static readonly byte[][] SmallNumbers = [.. Enumerable.Range(0, 1024).Select(number => Encoding.ASCII.GetBytes($"{number}"))];

    private readonly byte[]? _bytes;

    private RedisArgument(byte[] bytes) => _bytes = bytes;

    public static implicit operator RedisArgument(string text) => new(text.Length == 0 ? [] : Encoding.UTF8.GetBytes(text));

    public static implicit operator RedisArgument(long number) =>
        new(number >= 0 && number < SmallNumbers.Length ? SmallNumbers[number] : Digits(number));

    /// <summary>Not a copy where the memory is a whole array; it must not change until the call is answered.</summary>
    public static implicit operator RedisArgument(ReadOnlyMemory<byte> bytes) =>
        new(
            MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
                ? segment.Array
                : bytes.ToArray()
        );

    /// <summary>The argument's length on the wire, in bytes.</summary>
    public int Length => _bytes?.Length ?? 0;

    public byte[] ToBytes() => _bytes ?? [];

    /// <summary>Whether both are the one argument, encoded once; equal texts may be two.</summary>
    public bool IsSame(RedisArgument other) => ReferenceEquals(_bytes, other._bytes);

    private static byte[] Digits(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, digits, out var length);
        return digits[..length].ToArray();
    }
}

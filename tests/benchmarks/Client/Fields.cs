namespace Darq.Benchmarks.Client;

/// <summary>Reads and writes single fields of a serialised message, without making objects of it.</summary>
internal static class Fields
{
    private const int LengthDelimited = 2;

    /// <summary>The content of the first field with this number, or nothing.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, int number)
    {
        while (!message.IsEmpty)
        {
            var tag = ReadNumber(ref message);
            if ((tag & 7) != LengthDelimited)
            {
                ReadNumber(ref message);
                continue;
            }

            var length = ReadNumber(ref message);
            if (tag >> 3 == number)
            {
                return message[..length];
            }

            message = message[length..];
        }

        return [];
    }

    /// <summary>Writes a field of bytes; returns how many it takes with its tag.</summary>
    public static int Write(Span<byte> target, int number, ReadOnlySpan<byte> content)
    {
        target[0] = (byte)((number << 3) | LengthDelimited);
        var at = 1 + WriteNumber(target[1..], content.Length);
        content.CopyTo(target[at..]);
        return at + content.Length;
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> message)
    {
        var number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[0];
            message = message[1..];
            number |= (part & 0x7f) << shift;
            if (part < 0x80)
            {
                return number;
            }
        }
    }

    private static int WriteNumber(Span<byte> target, int number)
    {
        var at = 0;
        for (; number >= 0x80; number >>= 7)
        {
            target[at++] = (byte)(number | 0x80);
        }

        target[at++] = (byte)number;
        return at;
    }
}

using System.Buffers;
using System.Text;

namespace Darq.Engine.Redis;

/// <summary>
/// Bytes as text and back, without loss: a byte that is not UTF-8 becomes a lone surrogate, which no UTF-8 gives. So a damaged value can be
/// compared and named in a command as it is.
/// </summary>
internal static class EscapedText
{
    private const char Escape = '\udc00';

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        Span<char> letters = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done)
            {
                text.Append(letters[..rune.EncodeToUtf16(letters)]);
            }
            else
            {
                length = 1;
                text.Append((char)(Escape + bytes[0]));
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    public static byte[] Encode(string text)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(1, text.Length));
        for (var i = 0; i < text.Length;)
        {
            if (Rune.TryGetRuneAt(text, i, out var rune))
            {
                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
                i += rune.Utf16SequenceLength;
            }
            else
            {
                bytes.Write([(byte)(text[i++] - Escape)]);
            }
        }

        return bytes.WrittenSpan.ToArray();
    }
}

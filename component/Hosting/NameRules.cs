using System.Text;

namespace Darq.Hosting;

/// <summary>What names and texts may contain, checked where they come in and again before they go out.</summary>
internal static class NameRules
{
    private const int MaxNameBytes = 255;

    /// <summary>A group, a topic or an app: 1 to 255 bytes of UTF-8 without control characters and without *.</summary>
    public static bool IsName(string name) => name.Length > 0 && !name.Contains('*', StringComparison.Ordinal) && IsText(name) && Encoding.UTF8.GetByteCount(name) <= MaxNameBytes;

    /// <summary>Text that survives as UTF-8 and holds no control characters. One bad string would end the sidecar's stream for good.</summary>
    public static bool IsText(string text)
    {
        foreach (var letter in text)
        {
            if (char.IsControl(letter))
                return false;
        }

        return IsUnicode(text);
    }

    /// <summary>Whether the text has no lone surrogate, which UTF-8 cannot express.</summary>
    public static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }
}

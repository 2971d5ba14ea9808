using System.Text;

namespace Darq.Engine.Core;

/// <summary>The limits of names, keys and sizes: one table for code, errors and documents.</summary>
internal static class Limits
{
    public const int MaxNameBytes = 255;

    public const int MaxKeyBytes = 1024;

    /// <summary>3.9 MiB with metadata: the sidecar cannot receive 4 MiB, and a larger delivery would end its stream for good.</summary>
    public const int MaxMessageBytes = 4_089_446;

    /// <summary>A step with all it carries: 16 MiB.</summary>
    public const int MaxStepBytes = 16 * 1024 * 1024;

    /// <summary>A transaction that is no step: it has neither token nor id nor emits. 64 MiB.</summary>
    public const int MaxTransactionBytes = 64 * 1024 * 1024;

    public const int MaxEmits = 1024;

    public const int MaxOperations = 100_000;

    public const int MaxMetadataBytes = 65_536;

    /// <summary>Whether the name can be a topic, a group or an app.</summary>
    public static bool IsName(string name) =>
        name.Length > 0
        && IsText(name)
        && Encoding.UTF8.GetByteCount(name) <= MaxNameBytes
        && !name.Contains('*', StringComparison.Ordinal);

    /// <summary>Whether the name can be a topic that is published to.</summary>
    public static bool IsTopic(string name) => IsName(name) && !NamesFurtherStream(name);

    /// <summary>Whether the name ends in ~&lt;number&gt;.</summary>
    public static bool NamesFurtherStream(string topic)
    {
        var tilde = topic.LastIndexOf('~');
        return tilde >= 0 && tilde < topic.Length - 1 && topic.AsSpan(tilde + 1).IndexOfAnyExceptInRange('0', '9') < 0;
    }

    /// <summary>
    /// Whether the text survives as UTF-8 and holds no control characters. One bad string would end the sidecar's stream for good.
    /// </summary>
    public static bool IsText(string text) =>
        IsUnicode(text) && !text.AsSpan().ContainsAnyInRange('\0', '\u001f') && !text.AsSpan().ContainsAnyInRange('\u007f', '\u009f');

    /// <summary>Whether the text has no lone surrogate, which UTF-8 cannot express.</summary>
    public static bool IsUnicode(string text)
    {
        for (var i = text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return false;
            }

            i++;
        }
        return true;
    }

    /// <summary>Throws unless the name can be a topic or a group: 1 to 255 bytes of UTF-8 without control characters or *.</summary>
    public static void CheckName(string field, string name)
    {
        CheckText(field, name);
        if (!IsName(name))
        {
            throw Invalid(field, name, "1 to 255 bytes of UTF-8 without control characters or *");
        }
    }

    /// <summary>Throws unless a key is at most 1,024 bytes of well-formed text.</summary>
    public static void CheckKey(string field, string key)
    {
        CheckText(field, key);
        if (Encoding.UTF8.GetByteCount(key) > MaxKeyBytes)
        {
            throw Invalid(field, key[..32] + "…", "at most 1,024 bytes of UTF-8");
        }
    }

    public static void CheckMessage(string field, long bytes)
    {
        if (bytes > MaxMessageBytes)
        {
            throw new DarqException(
                ErrorCode.TooLarge,
                $"TOO_LARGE: {field} has {bytes:N0} bytes with its metadata; at most {MaxMessageBytes:N0} (3.9 MiB) fit, because "
                    + "the sidecar receives no more than 4 MiB."
            );
        }
    }

    public static DarqException Invalid(string field, string value, string accepted) => Unfit(field, $"'{Printable(value)}'", accepted);

    /// <summary>The error for something that is described, not quoted.</summary>
    public static DarqException Unfit(string field, string seen, string accepted) =>
        new(ErrorCode.Invalid, $"INVALID: {field} is {seen}; accepted: {accepted}.");

    public static DarqException Missing(string field, string accepted) =>
        new(ErrorCode.Invalid, $"INVALID: {field} is missing; accepted: {accepted}.");

    private static void CheckText(string field, string text)
    {
        if (!IsUnicode(text))
        {
            throw Invalid(field, text, "well-formed Unicode text");
        }
    }

    public static string Printable(string value) =>
        string.Concat(value.Take(80).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString()));
}

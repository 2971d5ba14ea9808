namespace Darq.Component.Configuration;

/// <summary>Text of others as it may be shown: without control characters, and without what is no Unicode.</summary>
internal static class SafeText
{
    public static string Of(string text) =>
        text.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter))
            ? string.Concat(text.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter))
            : text;
}

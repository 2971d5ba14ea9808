using Darq.Engine.Core;

namespace Darq.Component.Configuration;

/// <summary>The characters that settings may contain; <see cref="Limits"/> has the rules for names.</summary>
internal static class NameRules
{
    /// <summary>
    /// Text that survives as UTF-8 and holds no control characters. One bad string would end the sidecar's stream for good.
    /// </summary>
    public static bool IsText(string text) => !text.Any(char.IsControl) && Limits.IsUnicode(text);
}

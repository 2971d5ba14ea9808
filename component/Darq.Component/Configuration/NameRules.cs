using Darq.Engine.Core;

namespace Darq.Component.Configuration;

/// <summary>What texts of settings may contain; what a name is, <see cref="Limits"/> says for everybody.</summary>
internal static class NameRules
{
    /// <summary>
    /// Text that survives as UTF-8 and holds no control characters. One bad string would end the sidecar's stream for good.
    /// </summary>
    public static bool IsText(string text) => !text.Any(char.IsControl) && Limits.IsUnicode(text);
}

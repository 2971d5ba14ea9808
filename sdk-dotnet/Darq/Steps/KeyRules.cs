using System.Text;

namespace Darq.Steps;

/// <summary>What a state key may be. Checked at once, because the sidecar would say so only when the step is sent.</summary>
internal static class KeyRules
{
    /// <summary>The component takes a write of this key as the sign of a step, and stores nothing.</summary>
    public const string Marker = "darq-step";

    private const string Separator = "||";
    private const int MaxBytes = 1024;

    public static void Check(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key == Marker || key.Contains(Separator, StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(key) > MaxBytes)
        {
            throw new ArgumentException(
                $"The key is '{key}'; accepted: 1 to {MaxBytes} bytes of UTF-8, without {Separator}, and not {Marker}.",
                nameof(key)
            );
        }
    }
}

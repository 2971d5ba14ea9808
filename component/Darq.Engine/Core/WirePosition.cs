using System.Globalization;

namespace Darq.Engine.Core;

/// <summary>
/// A position with its partition, as every answer and delivery names it: <c>&lt;partition&gt;:&lt;world-line&gt;-&lt;number&gt;</c>.
/// </summary>
internal readonly record struct WirePosition(int Partition, Position Position)
{
    /// <summary>What is accepted, for error texts.</summary>
    public const string Form = "a position as answers and deliveries name it, <partition>:<world-line>-<number>";

    public static bool TryParse(string text, int partitions, out WirePosition position)
    {
        position = default;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (
            colon <= 0
            || !int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            || partition >= partitions
            || !Position.TryParse(text.AsSpan(colon + 1), out var number)
            || number.WorldLine == 0
        )
        {
            return false;
        }

        position = new(partition, number);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Partition}:{Position}");
}

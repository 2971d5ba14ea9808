using System.Globalization;

namespace Darq.Grpc;

/// <summary>
/// The <c>grpc-timeout</c> header: up to eight digits and a unit.
/// </summary>
internal static class CallTimeout
{
    /// <summary>Longer timeouts are taken as none: no connection lives as long, and timers do not reach further.</summary>
    private static readonly TimeSpan Max = TimeSpan.FromDays(40);

    /// <summary>False if the header is malformed; a null timeout if the client sets no limit.</summary>
    public static bool TryParse(string? header, out TimeSpan? timeout)
    {
        timeout = null;
        if (header is null)
            return true;
        if (header.Length is < 2 or > 9 || !long.TryParse(header.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            return false;
        if (Ticks(amount, header[^1]) is not { } ticks)
            return false;
        timeout = ticks > Max.Ticks ? null : TimeSpan.FromTicks(ticks);
        return true;
    }

    private static long? Ticks(long amount, char unit) => unit switch
    {
        'H' => amount * TimeSpan.TicksPerHour,
        'M' => amount * TimeSpan.TicksPerMinute,
        'S' => amount * TimeSpan.TicksPerSecond,
        'm' => amount * TimeSpan.TicksPerMillisecond,
        'u' => amount * TimeSpan.TicksPerMicrosecond,
        // Rounded up, because a timeout of one nanosecond is not yet over when it starts.
        'n' => (amount + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick,
        _ => null,
    };
}

using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>A time to live given as request metadata.</summary>
internal static class TimeToLive
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(int.MaxValue);

    /// <summary>
    /// Reads <c>ttl</c>, a duration or seconds, else <c>ttlInSeconds</c>, in the order in which the sidecar looks for them; null where
    /// neither is given. Throws (Invalid) for anything but a positive time.
    /// </summary>
    public static TimeSpan? Of(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return null;
        }

        (string Name, string Value)? seconds = null;
        foreach (var (name, value) in metadata)
        {
            if (name.Equals(WireNames.Ttl, StringComparison.OrdinalIgnoreCase))
            {
                return TrySeconds(value) ?? TryDuration(value) ?? throw Wrong(name, value, ", or a duration such as 30s, 500ms or 5m");
            }

            if (name.Equals(WireNames.TtlInSeconds, StringComparison.OrdinalIgnoreCase))
            {
                seconds = (name, value);
            }
        }

        return seconds is { } given ? TrySeconds(given.Value) ?? throw Wrong(given.Name, given.Value) : null;
    }

    private static TimeSpan? TrySeconds(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : null;

    /// <summary>A text without a unit is no duration here: it would be milliseconds, where the sidecar reads seconds.</summary>
    private static TimeSpan? TryDuration(string value) =>
        value.Length > 0
        && char.IsAsciiLetter(value[^1])
        && DurationText.TryRead(value, out var duration)
        && duration > TimeSpan.Zero
        && duration <= Most
            ? duration
            : null;

    private static DarqException Wrong(string name, string value, string otherForm = "") =>
        Limits.Invalid(name, value, "a whole number of seconds above 0" + otherForm);
}

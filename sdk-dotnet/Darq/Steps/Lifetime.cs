namespace Darq.Steps;

/// <summary>A time to live as the component takes it: whole seconds.</summary>
internal static class Lifetime
{
    /// <summary>Rounded up, so that nothing is gone too early.</summary>
    public static int? Seconds(TimeSpan? timeToLive)
    {
        if (timeToLive is not { } time)
        {
            return null;
        }

        var seconds = Math.Ceiling(time.TotalSeconds);
        return seconds is >= 1 and <= int.MaxValue
            ? (int)seconds
            : throw new ArgumentOutOfRangeException(
                nameof(timeToLive),
                time,
                $"accepted: more than zero and at most {int.MaxValue} seconds; null for ever."
            );
    }
}

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>How long a failed message waits: doubles with each failure up to the longest delay, give or take a fifth.</summary>
internal static class RetryDelay
{
    /// <summary>Longest pause between deliveries to an app that is gone: it is served soon after it is back.</summary>
    public static readonly TimeSpan MaxWhileGone = TimeSpan.FromSeconds(2);

    private const double Least = 0.8;
    private const double Spread = 0.4;

    /// <summary>How long nothing is sent to an app that is gone, after so many deliveries in a row that did not reach it.</summary>
    public static TimeSpan WhileGone(SubscriptionOptions options, int deliveries, Random random)
    {
        var delay = Of(options, deliveries, random);
        return delay < MaxWhileGone ? delay : MaxWhileGone;
    }

    /// <summary>No delay is longer.</summary>
    public static TimeSpan Longest(SubscriptionOptions options) => options.MaxRetryDelay * (Least + Spread);

    public static TimeSpan Of(SubscriptionOptions options, int failures, Random random)
    {
        // Compared as numbers: doubled often enough, a delay is longer than a TimeSpan can be.
        var exponential = options.RetryDelay.TotalSeconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 60));
        return TimeSpan.FromSeconds(Math.Min(exponential, options.MaxRetryDelay.TotalSeconds) * (Least + Spread * random.NextDouble()));
    }
}

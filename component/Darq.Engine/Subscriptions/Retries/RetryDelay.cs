namespace Darq.Engine.Subscriptions.Retries;

/// <summary>How long a failed message waits: doubles with each failure up to the longest delay, give or take a fifth.</summary>
internal static class RetryDelay
{
    public static TimeSpan Of(SubscriptionOptions options, int failures, Random random)
    {
        // Compared as numbers: doubled often enough, a delay is longer than a TimeSpan can be.
        var exponential = options.RetryDelay.TotalSeconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 60));
        return TimeSpan.FromSeconds(Math.Min(exponential, options.MaxRetryDelay.TotalSeconds) * (0.8 + 0.4 * random.NextDouble()));
    }
}

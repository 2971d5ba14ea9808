using System.Diagnostics;
using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Reference;

/// <summary>Keeps a number of asynchronous operations outstanding for a while, each begun when the one before it has ended.</summary>
internal static class Workers
{
    /// <summary>
    /// Each operation is told its worker's number and counts for <paramref name="weight"/>; the round ends early when the work is
    /// exhausted.
    /// </summary>
    public static async Task<Round> RunAsync(
        int outstanding,
        TimeSpan duration,
        Func<int, Task> operation,
        int weight = 1,
        CancellationToken exhausted = default
    )
    {
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var histograms = await Task.WhenAll(
            Enumerable
                .Range(0, outstanding)
                .Select(worker => Task.Run(() => WorkAsync(worker, end, operation, exhausted), CancellationToken.None))
        );
        var seconds = Math.Min(Stopwatch.GetElapsedTime(start).TotalSeconds, duration.TotalSeconds);
        var all = new Histogram();
        foreach (var histogram in histograms)
        {
            all.Add(histogram);
        }

        return new(all.Count * weight, seconds, all);
    }

    private static async Task<Histogram> WorkAsync(int worker, long end, Func<int, Task> operation, CancellationToken exhausted)
    {
        var histogram = new Histogram();
        for (var began = Stopwatch.GetTimestamp(); began < end && !exhausted.IsCancellationRequested;)
        {
            await operation(worker);
            var now = Stopwatch.GetTimestamp();
            // What ends too late belongs to no round.
            if (now <= end)
            {
                histogram.Record(now - began);
            }

            began = now;
        }

        return histogram;
    }
}

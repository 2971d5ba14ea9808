using System.Diagnostics;
using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Reference;

/// <summary>Keeps a number of asynchronous operations outstanding for a while, each begun when the one before it has ended.</summary>
internal static class Workers
{
    public static async Task<Round> RunAsync(int outstanding, TimeSpan duration, Func<int, Task> operation, int weight = 1)
    {
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var histograms = await Task.WhenAll(Enumerable.Range(0, outstanding).Select(worker => Task.Run(() => WorkAsync(worker, end, operation))));
        var all = new Histogram();
        foreach (var histogram in histograms) all.Add(histogram);
        return new(all.Count * weight, duration.TotalSeconds, all);
    }

    private static async Task<Histogram> WorkAsync(int worker, long end, Func<int, Task> operation)
    {
        var histogram = new Histogram();
        for (var began = Stopwatch.GetTimestamp(); began < end;)
        {
            await operation(worker);
            var now = Stopwatch.GetTimestamp();
            // What ends too late belongs to no round.
            if (now <= end) histogram.Record(now - began);
            began = now;
        }

        return histogram;
    }
}

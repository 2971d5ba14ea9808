using System.Diagnostics;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Hops;

namespace Darq.Benchmarks.Papers;

/// <summary>A chain whose last delivery is the output that the outside may see. It begins with the call that publishes.</summary>
internal sealed class TimedChain(int hops) : IChain
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly long[] _arrivals = new long[hops];
    private int _count;

    /// <summary>The last delivery was answered.</summary>
    public Task Over => _over.Task;

    /// <summary>Deliveries that came so far.</summary>
    public int Arrivals => _count;

    /// <summary>Until the output may be seen.</summary>
    public TimeSpan Total => Stopwatch.GetElapsedTime(_began, _arrivals[^1]);

    /// <summary>A hop, of those before the one to the output, on average.</summary>
    public TimeSpan Hop => Stopwatch.GetElapsedTime(_began, _arrivals[^2]) / (hops - 1);

    public Task ArrivedAsync(int hop, long now)
    {
        if (hop == _count)
        {
            _arrivals[_count++] = now;
        }
        else
        {
            _over.TrySetException(new LoadFailedException($"hop {hop} of a chain came where {_count} was to come"));
        }

        return Task.CompletedTask;
    }

    public void End() => _over.TrySetResult();
}

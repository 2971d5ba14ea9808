using Darq.Benchmarks.Client;

namespace Darq.Benchmarks.Hops;

/// <summary>
/// One chain on its way; it is over when its last delivery was answered. A hop is timed from one delivery of a chain to the next, so all
/// that lies between them is in it: <paramref name="hopped"/> is told when it ended and what it took.
/// </summary>
internal sealed class Chain(Action<long, long> hopped) : IChain
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;

    public Task Over => _over.Task;

    /// <summary>Deliveries that came so far.</summary>
    public int Arrivals { get; private set; }

    public Task ArrivedAsync(int hop, long now)
    {
        if (hop != Arrivals)
        {
            _over.TrySetException(new LoadFailedException($"hop {hop} of a chain came where {Arrivals} was to come"));
        }

        if (Arrivals++ > 0)
        {
            hopped(now, now - _last);
        }

        _last = now;
        return Task.CompletedTask;
    }

    public void End() => _over.TrySetResult();
}

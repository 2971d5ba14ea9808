using System.Collections.Concurrent;

namespace Darq.Engine.Connection;

/// <summary>
/// How long calls wait for Redis. Cancellation sources and their timers are reused: creating two of each per call costs more than the
/// call. Memory: at most <see cref="MaxKept"/> of them are kept.
/// </summary>
internal sealed class CallTimeout(TimeSpan length, TimeProvider time)
{
    private const int MaxKept = 1024;

    public TimeSpan Length => length;

    private readonly ConcurrentBag<CancellationTokenSource> _kept = [];

    /// <summary>A wait that ends when the time is over or its caller gives up. Dispose it when the call is done.</summary>
    public Wait Begin(CancellationToken caller)
    {
        if (!_kept.TryTake(out var source))
        {
            source = new(Length, time);
        }
#pragma warning disable RS0030 // It was created with the TimeProvider; this restarts that timer.
        else
        {
            source.CancelAfter(Length);
        }
#pragma warning restore RS0030
        return new(this, source, caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), source));
    }

    private void Return(CancellationTokenSource source)
    {
        // Only the system's timers can be reset; with another TimeProvider every source is disposed.
        if (source.TryReset() && _kept.Count < MaxKept)
        {
            _kept.Add(source);
        }
        else
        {
            source.Dispose();
        }
    }

    internal readonly struct Wait(CallTimeout timeout, CancellationTokenSource source, CancellationTokenRegistration caller) : IDisposable
    {
        public CancellationToken Token => source.Token;

        public void Dispose()
        {
            // Waits for a cancellation under way, which could otherwise hit the source in its next use.
            caller.Dispose();
            timeout.Return(source);
        }
    }
}

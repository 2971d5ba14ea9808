using System.Threading.Channels;

namespace Darq.Engine.Core;

/// <summary>Wakes one waiting loop. Setting it while it is set changes nothing, so setters never wait.</summary>
internal sealed class AsyncAutoResetEvent(TimeProvider time)
{
    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    public void Set() => _set.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellation) => await _set.Reader.ReadAsync(cancellation);

    /// <summary>Waits until it is set or the time has passed.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            await _set.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested) { }
    }
}

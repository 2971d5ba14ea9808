namespace Darq.Sidecar.Delivery;

/// <summary>
/// Counts the messages of one stream that the app is handling, so that a stop can wait for them. After <see cref="CloseAsync"/> began,
/// nothing enters any more.
/// </summary>
internal sealed class InFlight
{
    /// <summary>What daprd waits for handlers at most, and what it waits after the last one before it cancels the stream.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(400);

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private volatile bool _closed;

    public bool IsClosed => _closed;

    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            _count++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_count == 0 && _closed)
            {
                _idle.TrySetResult();
            }
        }
    }

    public async Task CloseAsync(bool wait = true)
    {
        lock (_lock)
        {
            _closed = true;
            if (_count == 0 || !wait)
            {
                return;
            }
        }
        try
        {
            await _idle.Task.WaitAsync(Longest);
        }
        catch (TimeoutException)
        {
            return;
        }
        await Task.Delay(Settling);
    }
}

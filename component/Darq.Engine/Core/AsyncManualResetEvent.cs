namespace Darq.Engine.Core;

/// <summary>
/// A value for many waiters, each of which may give up. Each waiter has a source of its own: a waiter that gives up leaves nothing
/// behind, and a continuation goes straight to its own scheduler. Task.WaitAsync would take it through the thread pool, where
/// the simulator cannot decide the order.
/// </summary>
internal sealed class AsyncManualResetEvent<T>
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<T>> _waiting = [];
    private bool _open;
    private T? _value;

    public bool IsOpen => Volatile.Read(ref _open);

    public async Task<T> WaitAsync(CancellationToken cancellation)
    {
        var mine = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_open)
            {
                return _value!;
            }

            _waiting.AddLast(mine);
        }
        await using var giveUp = cancellation.Register(() =>
        {
            lock (_lock)
            {
                _waiting.Remove(mine);
            }

            mine.TrySetCanceled(cancellation);
        });
        return await mine.Task;
    }

    public void Open(T value)
    {
        foreach (var waiter in Change(true, value))
        {
            waiter.TrySetResult(value);
        }
    }

    /// <summary>Present waiters keep waiting.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _open = false;
        }
    }

    /// <summary>Closes it; present waiters get the exception.</summary>
    public void Fail(Exception why)
    {
        foreach (var waiter in Change(false, default))
        {
            waiter.TrySetException(why);
        }
    }

    private TaskCompletionSource<T>[] Change(bool open, T? value)
    {
        lock (_lock)
        {
            (_open, _value) = (open, value);
            TaskCompletionSource<T>[] waiting = [.. _waiting];
            _waiting.Clear();
            return waiting;
        }
    }
}

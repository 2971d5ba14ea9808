using System.Threading.Tasks.Sources;

namespace Darq.Engine.Core;

/// <summary>
/// An answer that one caller awaits once and may give up. The caller continues on the thread that answers, which must therefore
/// hold no lock. A caller that gives up continues on the thread pool, because a cancellation may come on any thread.
/// </summary>
internal abstract class Awaited<T> : IValueTaskSource<T>
{
    private ManualResetValueTaskSourceCore<T> _source;
    private CancellationTokenRegistration _givingUp;
    private int _isOver;
    private TaskCompletionSource<T>? _late;

    /// <summary>What comes after the caller gave up; null where it did not. A fault that nobody asks for is none.</summary>
    public Task<T>? Late => Volatile.Read(ref _late)?.Task;

    /// <summary>The answer, to be awaited once. Cancelling ends the wait only; the request is carried out all the same.</summary>
    public ValueTask<T> AnswerAsync(CancellationToken cancellation)
    {
        _givingUp = cancellation.UnsafeRegister(
            static (awaited, token) => ((Awaited<T>)awaited!).GiveUp(new OperationCanceledException(token)),
            this
        );
        // The answer may have come before the registration existed.
        if (Volatile.Read(ref _isOver) != 0)
        {
            _givingUp.Unregister();
        }

        return new(this, _source.Version);
    }

    public void Fail(Exception why)
    {
        if (IsFirst())
        {
            _source.SetException(why);
        }
        else if (_late is { } late && late.TrySetException(why))
        {
            _ = late.Task.Exception;
        }
    }

    protected void Complete(T answer)
    {
        if (IsFirst())
        {
            _source.SetResult(answer);
        }
        else
        {
            _late?.TrySetResult(answer);
        }
    }

    protected void GiveUp(Exception why)
    {
        // Before it is over, so that an answer finds it.
        Volatile.Write(ref _late, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
        {
            Volatile.Write(ref _late, null);
            return;
        }
        // This may run on any thread, also while the caller begins to wait.
        _source.RunContinuationsAsynchronously = true;
        _source.SetException(why);
    }

    T IValueTaskSource<T>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private bool IsFirst()
    {
        _givingUp.Unregister();
        return Interlocked.Exchange(ref _isOver, 1) == 0;
    }
}

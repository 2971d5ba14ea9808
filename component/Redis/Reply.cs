using System.Threading.Tasks.Sources;

namespace Darq.Redis;

/// <summary>
/// Waits for what the client library makes of a command, until a deadline or until the caller gives up. Unlike Task.WaitAsync
/// it goes on where the reply became known, without another change of thread.
/// </summary>
internal sealed class Reply<T> : IValueTaskSource<T>
{
    private readonly Task<T> _sent;
    private readonly ITimer _deadline;
    private readonly CancellationTokenRegistration _givingUp;
    private ManualResetValueTaskSourceCore<T> _source;
    private int _isOver;

    private Reply(Task<T> sent, TimeSpan within, TimeProvider time, CancellationToken cancellation)
    {
        _sent = sent;
        _deadline = time.CreateTimer(static reply => ((Reply<T>)reply!).GiveUp(new TimeoutException("The deadline of the command has passed.")), this, within, Timeout.InfiniteTimeSpan);
        _givingUp = cancellation.UnsafeRegister(static (reply, token) => ((Reply<T>)reply!).GiveUp(new OperationCanceledException(token)), this);
    }

    /// <summary>Throws what the command failed with, <see cref="TimeoutException"/> or <see cref="OperationCanceledException"/>. To be awaited once.</summary>
    public static ValueTask<T> WaitAsync(Task<T> sent, TimeSpan within, TimeProvider time, CancellationToken cancellation)
    {
        if (sent.IsCompleted) return new(sent);
        var reply = new Reply<T>(sent, within, time, cancellation);
        sent.GetAwaiter().UnsafeOnCompleted(reply.Heard);
        return new(reply, reply._source.Version);
    }

    T IValueTaskSource<T>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Heard()
    {
        _deadline.Dispose();
        _givingUp.Unregister();
        // A failure that comes too late is looked at all the same, or it would count as unobserved.
        var fault = _sent.IsCanceled ? new TaskCanceledException(_sent) : _sent.Exception?.InnerException;
        if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
#pragma warning disable VSTHRD002 // It has ended, so nothing waits.
        if (fault is null) _source.SetResult(_sent.Result);
#pragma warning restore VSTHRD002
        else _source.SetException(fault);
    }

    private void GiveUp(Exception why)
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
        // May happen anywhere, also where the caller is just beginning to wait.
        _source.RunContinuationsAsynchronously = true;
        _source.SetException(why);
    }
}

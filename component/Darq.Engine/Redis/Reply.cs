using Darq.Engine.Core;

namespace Darq.Engine.Redis;

/// <summary>
/// Waits for a command of the client library, until a deadline or until the caller gives up. Unlike Task.WaitAsync it continues on
/// the thread that got the reply.
/// </summary>
internal sealed class Reply<T> : Awaited<T>
{
    private readonly Task<T> _sent;
    private readonly ITimer _deadline;

    private Reply(Task<T> sent, TimeSpan within, TimeProvider time)
    {
        _sent = sent;
        _deadline = time.CreateTimer(
            static reply => ((Reply<T>)reply!).GiveUp(new TimeoutException("The deadline of the command has passed.")),
            this,
            within,
            Timeout.InfiniteTimeSpan
        );
    }

    /// <summary>
    /// Throws the command's exception, <see cref="TimeoutException"/> or <see cref="OperationCanceledException"/>. To be awaited once.
    /// </summary>
    public static ValueTask<T> WaitAsync(Task<T> sent, TimeSpan within, TimeProvider time, CancellationToken cancellation)
    {
        if (sent.IsCompleted)
        {
            return new(sent);
        }

        var reply = new Reply<T>(sent, within, time);
        var answer = reply.AnswerAsync(cancellation);
        sent.GetAwaiter().UnsafeOnCompleted(reply.OnCompleted);
        return answer;
    }

    private void OnCompleted()
    {
        _deadline.Dispose();
        // Also a failure that comes too late must be observed.
        var fault = _sent.IsCanceled ? new TaskCanceledException(_sent) : _sent.Exception?.InnerException;
        if (fault is not null)
        {
            Fail(fault);
        }
#pragma warning disable VSTHRD002 // The task has completed, so this does not block.
        else
        {
            Complete(_sent.Result);
        }
#pragma warning restore VSTHRD002
    }
}

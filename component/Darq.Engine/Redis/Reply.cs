using Darq.Engine.Core;

namespace Darq.Engine.Redis;

/// <summary>
/// Waits for what the client library makes of a command, until a deadline or until the caller gives up. Unlike Task.WaitAsync
/// it goes on where the reply became known, without another change of thread.
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
    /// Throws what the command failed with, <see cref="TimeoutException"/> or <see cref="OperationCanceledException"/>. To be awaited once.
    /// </summary>
    public static ValueTask<T> WaitAsync(Task<T> sent, TimeSpan within, TimeProvider time, CancellationToken cancellation)
    {
        if (sent.IsCompleted)
        {
            return new(sent);
        }

        var reply = new Reply<T>(sent, within, time);
        var answer = reply.AnswerAsync(cancellation);
        sent.GetAwaiter().UnsafeOnCompleted(reply.Heard);
        return answer;
    }

    private void Heard()
    {
        _deadline.Dispose();
        // A failure that comes too late is looked at all the same, or it would count as unobserved.
        var fault = _sent.IsCanceled ? new TaskCanceledException(_sent) : _sent.Exception?.InnerException;
        if (fault is not null)
        {
            Fail(fault);
        }
#pragma warning disable VSTHRD002 // It has ended, so nothing waits.
        else
        {
            Complete(_sent.Result);
        }
#pragma warning restore VSTHRD002
    }
}

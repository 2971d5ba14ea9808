using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Reading;

/// <summary>
/// Keeps messages from the core until they are durable, where the subscription asks for that: what the core has may go to an app at any
/// moment. A page that was read waits where it is. Of what this process appended itself at most <see cref="MaxWaiting"/> messages with
/// <see cref="MaxWaitingBytes"/> wait here; the others are read like another's.
/// </summary>
internal sealed class ReleaseGate : IAsyncDisposable
{
    public const int MaxWaiting = 1000;
    public const int MaxWaitingBytes = 4 << 20;

    /// <summary>How often who waits looks whether the subscription still asks for it.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly GuardedCore _core;
    private readonly Primary _primary;
    private readonly TimeProvider _time;
    private readonly SupervisedLoop _releasing;
    private readonly Lock _lock = new();

    // Under _lock.
    private readonly Queue<Waiting> _waiting = new();
    private int _waitingBytes;

    // Written under _lock: until then nothing ever waited.
    private volatile bool _isStarted;

    public ReleaseGate(
        GuardedCore core,
        Primary primary,
        TimeProvider time,
        Func<Func<CancellationToken, Task<TimeSpan>>, SupervisedLoop> loop
    )
    {
        (_core, _primary, _time) = (core, primary, time);
        _releasing = loop(ReleaseAsync);
    }

    private enum Place
    {
        /// <summary>Nothing waits in front of it.</summary>
        Core,

        /// <summary>Goes to the core later.</summary>
        Gate,

        /// <summary>Stays in its stream.</summary>
        Stream,
    }

    private bool IsOpen => _primary.Watermark.IsReplyEnough || _core.Read(static core => core.Options.ReleaseAt) == ReleaseAt.Applied;

    /// <summary>To be taken before a read; goes with what was read.</summary>
    public RecoveryCount Recoveries => _primary.Watermark.Recoveries;

    /// <summary>
    /// Waits until what was read of a partition, up to this position, is durable. False where a recovery came in between:
    /// then it is to be read again.
    /// </summary>
    public ValueTask<bool> PassAsync(RecoveryCount before, int partition, Position last, CancellationToken cancellation) =>
        _primary.Durable.Knows(partition, last) == true ? new(true) : PassAsync(before, cancellation);

    /// <summary>The same, of anything that was read.</summary>
    public ValueTask<bool> PassAsync(RecoveryCount before, CancellationToken cancellation) =>
        IsOpen ? new(true) : new(DurableAsync(before, cancellation));

    /// <summary>This process appended a message: it goes to the core once it is durable.</summary>
    public void Release(AppendedMessage message)
    {
        if (!_isStarted && IsOpen)
        {
            Deliver(message);
            return;
        }

        switch (PlaceOf(message))
        {
            case Place.Core:
                Deliver(message);
                break;
            case Place.Gate:
                _releasing.Wake();
                break;
            default:
                LeaveInStream(message);
                break;
        }
    }

    public ValueTask DisposeAsync() => _releasing.DisposeAsync();

    private Place PlaceOf(AppendedMessage message)
    {
        var isOpen = IsOpen;
        // Of a lane that is another's there is nothing to tell.
        var isOwned = isOpen || _core.Read(core => core.Lanes[message.Partition].Owned);
        lock (_lock)
        {
            if (_waiting.Count == 0 && (isOpen || !isOwned))
            {
                return Place.Core;
            }

            if (_waiting.Count == MaxWaiting || _waitingBytes + message.Data.Length > MaxWaitingBytes)
            {
                return Place.Stream;
            }

            _waiting.Enqueue(new(message, _primary.Watermark.Recoveries));
            _waitingBytes += message.Data.Length;
            if (!_isStarted)
            {
                _isStarted = true;
                _releasing.Start();
            }

            return Place.Gate;
        }
    }

    private async Task<TimeSpan> ReleaseAsync(CancellationToken cancellation)
    {
        Waiting[] waiting;
        lock (_lock)
        {
            waiting = [.. _waiting];
        }

        if (waiting.Length == 0)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var isDurable = await DurableAsync(waiting[0].RecoveriesBefore, cancellation);
        foreach (var (message, _) in waiting)
        {
            lock (_lock)
            {
                _waiting.Dequeue();
                _waitingBytes -= message.Data.Length;
            }

            if (isDurable)
            {
                Deliver(message);
            }
            else
            {
                LeaveInStream(message);
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>As the watermark has it; true also once the subscription does not wait for that any more.</summary>
    private async Task<bool> DurableAsync(RecoveryCount before, CancellationToken cancellation)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var durable = _primary.Watermark.DurableAsync(before, waiting.Token).AsTask();
        try
        {
            while (true)
            {
                try
                {
                    return await durable.WaitAsync(Look, _time, cancellation);
                }
                catch (TimeoutException)
                {
                    if (IsOpen)
                    {
                        return true;
                    }
                }
            }
        }
        finally
        {
            waiting.CancelHere();
        }
    }

    private void Deliver(AppendedMessage message) => _core.Apply(message, static (core, message, _) => core.OnAppended(message));

    /// <summary>The session that learns of an append by the reply reads nothing; this time it has to.</summary>
    private void LeaveInStream(AppendedMessage message) =>
        _core.Apply(message, static (core, message, _) => core.OnWakeUp(message.Partition, message.StreamId.Number, told: ""));

    /// <summary>A message, and what the watermark said in front of the wait for it.</summary>
    private readonly record struct Waiting(AppendedMessage Message, RecoveryCount RecoveriesBefore);
}

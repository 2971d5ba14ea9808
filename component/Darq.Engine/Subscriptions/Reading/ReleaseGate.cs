using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Reading;

/// <summary>
/// Keeps messages from the core until they are durable, where the subscription asks for that: what the core has may go to an app at any
/// moment. A page that was read waits where it is. Of what this process appended itself at most <see cref="MaxHeld"/> messages with
/// <see cref="MaxHeldBytes"/> are held here; the others are read like another's.
/// </summary>
internal sealed class ReleaseGate : IAsyncDisposable
{
    public const int MaxHeld = 1000;
    public const int MaxHeldBytes = 4 << 20;

    private readonly GuardedCore _core;
    private readonly Primary _primary;
    private readonly SupervisedLoop _releasing;
    private readonly Lock _lock = new();

    // Under _lock.
    private readonly Queue<Held> _held = new();
    private int _heldBytes;

    // Written under _lock: until then nothing was ever held.
    private volatile bool _isStarted;

    public ReleaseGate(GuardedCore core, Primary primary, Func<Func<CancellationToken, Task<TimeSpan>>, SupervisedLoop> loop)
    {
        (_core, _primary) = (core, primary);
        _releasing = loop(ReleaseAsync);
    }

    private enum Place
    {
        /// <summary>Nothing is held back.</summary>
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
        IsOpen ? new(true) : _primary.Watermark.DurableAsync(before, cancellation);

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
            if (_held.Count == 0 && (isOpen || !isOwned))
            {
                return Place.Core;
            }

            if (_held.Count == MaxHeld || _heldBytes + message.Data.Length > MaxHeldBytes)
            {
                return Place.Stream;
            }

            _held.Enqueue(new(message, _primary.Watermark.Recoveries));
            _heldBytes += message.Data.Length;
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
        Held[] held;
        lock (_lock)
        {
            held = [.. _held];
        }

        if (held.Length == 0)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var isDurable = await _primary.Watermark.DurableAsync(held[0].RecoveriesBefore, cancellation);
        foreach (var (message, _) in held)
        {
            lock (_lock)
            {
                _held.Dequeue();
                _heldBytes -= message.Data.Length;
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

    private void Deliver(AppendedMessage message) => _core.Apply(message, static (core, message, _) => core.OnAppended(message));

    /// <summary>The session that learns of an append by the reply reads nothing; this time it has to.</summary>
    private void LeaveInStream(AppendedMessage message) =>
        _core.Apply(message, static (core, message, _) => core.OnWakeUp(message.Partition, message.StreamId.Number, told: ""));

    /// <summary>A message, and what the watermark said in front of the wait for it.</summary>
    private readonly record struct Held(AppendedMessage Message, RecoveryCount RecoveriesBefore);
}

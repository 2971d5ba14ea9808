using Darq.Engine.Connection;
using Darq.Engine.Core;

namespace Darq.Engine.Durability;

/// <summary>
/// Answers that must not be contradicted wait here, as long as a call may take. A write calls <see cref="Admit"/> before it is sent, and
/// <see cref="WaitAsync"/> before it is answered.
/// </summary>
internal sealed class DurableAnswers(Watermark watermark, AppliedPositions applied, CallTimeout callTimeout)
{
    private static readonly (string, string) AppliedButNotDurable = (
        "Redis has applied the request, but it is not durable yet",
        "Repeating it is safe with the same id or token; without, a write that an etag guards may meet its own."
    );

    private static readonly (string, string) ReadButNotDurable = ("what was read is not durable yet", "Repeating it is safe.");

    private bool IsFull => watermark.Waiting >= Watermark.MaxWaiting;

    /// <summary>
    /// Whether what Redis has at this position is durable; null where that is not known, false while releases are held. Only for positions
    /// that Redis itself named in the world-line that goes on: one that was lost would be taken for an old one.
    /// </summary>
    public bool? Knows(int partition, Position position) =>
        watermark.IsHeld
            ? false
            : watermark.Rung switch
            {
                { NeedsRounds: true } => applied.IsDurable(partition, position),
                { IsDurable: true } => true,
                _ => null,
            };

    /// <summary>
    /// The same of what Redis answered to a request, whatever came since it was sent. False where a recovery may have lost it.
    /// </summary>
    public bool? Knows(RecoveryCount before, int partition, Position position) =>
        Knows(partition, position) is not { } isDurable ? null
        : watermark.Recoveries == before || applied.Survives(partition, position) ? isDurable
        : false;

    /// <summary>
    /// To be called before a write is sent. More would be applied, and nobody told so, where the level has not been reached for as long as
    /// a call may take, where releases are held, and where too many wait: throws <see cref="DarqException"/> (Unavailable, Full). Who is
    /// not told that it is durable may go on.
    /// </summary>
    public RecoveryCount Admit(bool mustBeDurable)
    {
        if (mustBeDurable && !watermark.IsReplyEnough)
        {
            if (watermark.IsHeld || watermark.StalledFor >= callTimeout.Length)
            {
                throw new DarqException(ErrorCode.Unavailable, $"UNAVAILABLE: {watermark.WhyStalled}; try again.");
            }

            ThrowIfFull();
        }

        return watermark.Recoveries;
    }

    /// <summary>
    /// Waits until what a request wrote, or what its answer rests on, is durable. Throws <see cref="DarqException"/> (Unavailable) where a
    /// recovery came in between that it did not survive, where the level is not reached in the time of a call, where releases are held, and
    /// where too many wait.
    /// </summary>
    /// <param name="before">What <see cref="Admit"/> or the watermark said before the request was sent.</param>
    /// <param name="survives">Whether that is there still, after a recovery.</param>
    /// <param name="cancellation">Ends the wait only.</param>
    public async ValueTask WaitAsync(RecoveryCount before, Func<bool> survives, CancellationToken cancellation)
    {
        if (watermark.IsReplyEnough)
        {
            return;
        }

        while (!await EndAsync(before, AppliedButNotDurable, cancellation))
        {
            before = watermark.Recoveries;
            if (!survives())
            {
                throw new DarqException(
                    ErrorCode.Unavailable,
                    "UNAVAILABLE: Redis was replaced or started again before the request was durable, and may have lost it; repeating it "
                        + "with the same id or token is safe."
                );
            }
        }
    }

    /// <summary>
    /// Waits until all that this process knows as applied is durable; false where a recovery came in between. Throws
    /// <see cref="DarqException"/>: Unavailable where the level is not reached in the time of a call, and at once while releases are held,
    /// Full where too many wait.
    /// </summary>
    public ValueTask<bool> IsDurableAsync(RecoveryCount before, CancellationToken cancellation)
    {
        ThrowIfFull();
        return EndAsync(before, ReadButNotDurable, cancellation);
    }

    private async ValueTask<bool> EndAsync(RecoveryCount before, (string What, string Then) wait, CancellationToken cancellation)
    {
        // Too late to refuse anything.
        if (watermark.IsHeld || IsFull)
        {
            throw NotDurable(wait);
        }

        using var timeout = callTimeout.Begin(cancellation);
        try
        {
            return await watermark.DurableAsync(before, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NotDurable(wait);
        }
    }

    private DarqException NotDurable((string What, string Then) wait) =>
        new(
            ErrorCode.Unavailable,
            $"UNAVAILABLE: {wait.What} ({watermark.WhyStalled ?? (IsFull ? "too many wait" : "no confirmation in time")}). {wait.Then}"
        );

    /// <summary>Throws <see cref="DarqException"/> (Full) where too many wait.</summary>
    public void ThrowIfFull()
    {
        if (IsFull)
        {
            throw new DarqException(
                ErrorCode.Full,
                $"FULL: {Watermark.MaxWaiting:N0} requests are waiting for their writes to become durable already; try again."
            );
        }
    }
}

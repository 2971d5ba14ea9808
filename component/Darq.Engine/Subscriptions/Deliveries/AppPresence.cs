namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// Whether the app behind one sidecar is there, as the answers to its deliveries show. All streams of that sidecar share one. While the
/// app is gone they send one delivery at a time between them, after a pause that grows: a dead app draws a few calls, and no two at once,
/// of which a sidecar may take one for answered. Safe for concurrent use; times are those of <see cref="Instant.Elapsed"/>.
/// </summary>
internal sealed class AppPresence
{
    /// <summary>A delivery to an app that is gone and is not answered within this lets the next one go.</summary>
    private static readonly TimeSpan ProbeMax = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private int _goneInRow;
    private TimeSpan _nextProbe;
    private bool _isProbing;

    /// <summary>Something changed that other subscriptions wait for. Raised under no lock.</summary>
    public event Action? Changed;

    public bool IsGone => GoneInRow > 0;

    /// <summary>How many deliveries in a row did not reach it.</summary>
    public int GoneInRow
    {
        get
        {
            lock (_lock)
            {
                return _goneInRow;
            }
        }
    }

    /// <summary>
    /// Whether a delivery may be sent now; to an app that is gone it then is the only one. Otherwise <paramref name="next"/> says when
    /// to ask again.
    /// </summary>
    public bool TryBegin(TimeSpan now, out TimeSpan next)
    {
        lock (_lock)
        {
            next = _nextProbe;
            if (_goneInRow == 0)
            {
                return true;
            }

            if (now < _nextProbe)
            {
                return false;
            }

            (_nextProbe, _isProbing) = (now + ProbeMax, true);
            return true;
        }
    }

    /// <summary>
    /// A stream was opened, which a sidecar does for an app that it takes to be there: the pause is over, unless a delivery is out already.
    /// Returns whether that changes anything, as the next three do.
    /// </summary>
    public bool OnOpened(TimeSpan now)
    {
        lock (_lock)
        {
            if (_goneInRow == 0 || _isProbing)
            {
                return false;
            }

            _nextProbe = now;
            return true;
        }
    }

    /// <summary>The app answered.</summary>
    public bool OnAnswered()
    {
        lock (_lock)
        {
            var wasGone = _goneInRow > 0;
            (_goneInRow, _isProbing) = (0, false);
            return wasGone;
        }
    }

    /// <summary>A delivery did not reach it. Those that were sent before it was known to be gone count once.</summary>
    public bool OnGone(bool wasProbe, TimeSpan now, Func<int, TimeSpan> pauseAfter)
    {
        lock (_lock)
        {
            if (!wasProbe && _goneInRow > 0)
            {
                return false;
            }

            _goneInRow++;
            (_nextProbe, _isProbing) = (now + pauseAfter(_goneInRow), false);
            return true;
        }
    }

    /// <summary>The delivery to an app that is gone came back without a word on it; another may go.</summary>
    public bool OnProbeReleased(TimeSpan now)
    {
        lock (_lock)
        {
            (_nextProbe, _isProbing) = (now, false);
            return true;
        }
    }

    public void RaiseChanged() => Changed?.Invoke();
}

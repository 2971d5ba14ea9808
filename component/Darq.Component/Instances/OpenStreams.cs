using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Component.Instances;

/// <summary>The open streams of a component of a sidecar, and whether they are paused. Safe for concurrent use.</summary>
internal sealed class OpenStreams
{
    private readonly Lock _lock = new();

    // Under _lock.
    private readonly HashSet<DeliveryStream> _streams = [];
    private bool _paused;

    /// <summary>
    /// Registers an open stream, so that a pause reaches it. A new stream also ends a pause: the sidecar never calls Resume.
    /// </summary>
    public void Opened(DeliveryStream stream)
    {
        lock (_lock)
        {
            _streams.Add(stream);
        }

        Resume();
    }

    public void Closed(DeliveryStream stream)
    {
        lock (_lock)
        {
            _streams.Remove(stream);
        }
    }

    /// <summary>Stops sending on all streams; answers are still taken. Safe to repeat.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            _paused = true;
            foreach (var stream in _streams)
            {
                stream.Pause();
            }
        }
    }

    public void Resume()
    {
        lock (_lock)
        {
            if (!_paused)
            {
                return;
            }

            _paused = false;
            foreach (var stream in _streams)
            {
                stream.Resume();
            }
        }
    }
}

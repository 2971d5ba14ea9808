namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// Messages that may be delivered, in order, and those that become so by the clock. A message in here may have gone on meanwhile: its
/// state decides. Belongs to the core.
/// </summary>
internal sealed class ReadyQueue
{
    private readonly Queue<LaneMessage> _ready = new();
    private readonly PriorityQueue<LaneMessage, TimeSpan> _backingOff = new();
    private readonly HashSet<Lane> _blocked = [];
    private readonly List<LaneMessage> _aside = [];

    /// <summary>When the first message is due by the clock; null where none is.</summary>
    public TimeSpan? NextDue => _backingOff.TryPeek(out _, out var due) ? due : null;

    /// <summary>What stands in here; tests check that no message is forgotten.</summary>
    public IEnumerable<LaneMessage> Waiting => _ready.Concat(_aside);

    public IEnumerable<LaneMessage> BackingOff => _backingOff.UnorderedItems.Select(item => item.Element);

    /// <summary>Safe to repeat.</summary>
    public void Add(LaneMessage message)
    {
        if (!message.IsQueued)
        {
            message.IsQueued = true;
            _ready.Enqueue(message);
        }
    }

    public void AddAt(LaneMessage message, TimeSpan due) => _backingOff.Enqueue(message, due);

    /// <summary>The next message whose wait is over; null where there is none.</summary>
    public LaneMessage? TakeDue(TimeSpan now)
    {
        while (_backingOff.TryPeek(out var message, out var due) && due <= now)
        {
            _backingOff.Dequeue();
            if (message.State == MessageState.BackingOff)
            {
                return message;
            }
        }
        return null;
    }

    /// <summary>
    /// The first message that waits in a lane that may send, left in the queue. Those of other lanes are blocked until
    /// <see cref="Readmit"/>.
    /// </summary>
    public LaneMessage? Peek()
    {
        while (_ready.TryPeek(out var message))
        {
            if (message.State == MessageState.Waiting)
            {
                if (message.Lane.MaySend)
                {
                    return message;
                }

                message.Lane.Blocked.Add(message);
                _blocked.Add(message.Lane);
                _ready.Dequeue();
            }
            else
            {
                Dequeue();
            }
        }
        return null;
    }

    public void Dequeue() => _ready.Dequeue().IsQueued = false;

    /// <summary>Lets the first message wait for another stream than the one that still has it.</summary>
    public void SetAside() => _aside.Add(_ready.Dequeue());

    /// <summary>What was blocked in lanes that may send again, and what was set aside, is ready again.</summary>
    public void Readmit()
    {
        foreach (var message in _aside)
        {
            _ready.Enqueue(message);
        }

        _aside.Clear();
        if (_blocked.Count == 0)
        {
            return;
        }

        foreach (var lane in _blocked.Where(lane => lane.MaySend).ToArray())
        {
            _blocked.Remove(lane);
            foreach (var message in lane.Blocked)
            {
                _ready.Enqueue(message);
            }

            lane.Blocked.Clear();
        }
    }

    /// <summary>Forgets what belongs to a lane that is dropped; its messages are gone.</summary>
    public void Forget(Lane lane) => _blocked.Remove(lane);
}

namespace Darq.Testing.Scheduling;

/// <summary>
/// The one thread of a simulation and its clock. What is ready runs, one at a time and mostly in order; when nothing is
/// ready, time jumps to the next event. Everything random comes from the one seed.
/// </summary>
internal sealed class Loop(Random random)
{
    private readonly List<Action> _ready = [];
    private readonly PriorityQueue<Action, (DateTimeOffset At, long Order)> _events = new();
    private readonly Thread _thread = Thread.CurrentThread;
    private volatile Exception? _fault;
    private long _order;

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How many events and continuations have run.</summary>
    public long Steps { get; private set; }

    /// <summary>The first fault that nothing in the simulation expected; an escape explains all others.</summary>
    public Exception? Fault => _fault;

    public void Ready(Action action)
    {
        EnsureInside();
        _ready.Add(action);
    }

    public void After(TimeSpan delay, Action action)
    {
        EnsureInside();
        _events.Enqueue(action, (Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero), _order++));
    }

    public void Fail(Exception fault) => _fault = fault is EscapedException ? fault : _fault ?? fault;

    /// <summary>Code that left the simulation's thread is no longer decided by the seed.</summary>
    public void EnsureInside()
    {
        if (Thread.CurrentThread != _thread)
        {
            throw new EscapedException();
        }
    }

    /// <summary>Runs until the condition holds; false when the time is over or nothing is left to happen.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        var end = Now + atMost;
        // Awaits prefer a synchronisation context, such as that of the test runner, to the scheduler.
        var outside = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            while (!condition())
            {
                if (Fault is not null)
                {
                    throw new InvalidOperationException("The simulation failed: " + Fault.Message, Fault);
                }

                if (!Step(end))
                {
                    return false;
                }
            }
            return true;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
        }
    }

    public void RunFor(TimeSpan time)
    {
        var end = Now + time;
        RunUntil(() => false, time);
        Now = end;
    }

    /// <summary>When the next event is due; null where none is left.</summary>
    public DateTimeOffset? NextEvent => _events.TryPeek(out _, out var due) ? due.At : null;

    /// <summary>Runs one thing that is ready; false where nothing is.</summary>
    public bool RunReady()
    {
        if (_ready.Count == 0)
        {
            return false;
        }

        // Ready tasks have no promised order; now and then a later one overtakes.
        var chosen = random.Next(4) == 0 ? random.Next(_ready.Count) : 0;
        var action = _ready[chosen];
        _ready.RemoveAt(chosen);
        action();
        return true;
    }

    /// <summary>Time jumps to the next event, which there must be, and it happens.</summary>
    public void RunNextEvent()
    {
        _events.TryDequeue(out var next, out var due);
        Now = due.At > Now ? due.At : Now;
        next!();
    }

    private bool Step(DateTimeOffset end)
    {
        Steps++;
        if (RunReady())
        {
            return true;
        }

        if (NextEvent is not { } due || due > end)
        {
            return false;
        }

        RunNextEvent();
        return true;
    }
}

/// <summary>Code of the simulation runs on another thread: something it awaits does not come back to its scheduler.</summary>
internal sealed class EscapedException() : Exception("code left the scheduler of its simulated process");

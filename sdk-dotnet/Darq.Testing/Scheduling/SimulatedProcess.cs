namespace Darq.Testing.Scheduling;

/// <summary>
/// An operating system process of the simulation: a task scheduler and a clock for the code that runs in it. It can be
/// paused, when nothing of it runs but the world goes on, and killed, when nothing of it runs ever again.
/// </summary>
internal sealed class SimulatedProcess(Loop loop, string name)
{
    private readonly List<Action> _held = [];

    public string Name { get; } = name;

    public bool Alive { get; private set; } = true;

    public bool Paused { get; private set; }

    public TimeProvider Time => field ??= new VirtualTime(loop, this);

    private Scheduler Tasks => field ??= new Scheduler(this);

    /// <summary>Runs an action inside the process; what it awaits comes back into the process.</summary>
    public void Post(Action action) =>
        _ = Task.Factory.StartNew(() => Guarded(action), CancellationToken.None, TaskCreationOptions.DenyChildAttach, Tasks);

    /// <summary>Starts an asynchronous flow inside the process. Its failure fails the simulation, its cancellation does not.</summary>
    public void Start(Func<Task> flow) => Post(() => _ = WatchAsync(flow));

    public void Pause() => Paused = true;

    public void Resume()
    {
        Paused = false;
        foreach (var action in _held)
        {
            loop.Ready(() => Run(action));
        }

        _held.Clear();
    }

    public void Kill()
    {
        Alive = false;
        _held.Clear();
    }

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception fault)
        {
            loop.Fail(fault);
        }
    }

    private async Task WatchAsync(Func<Task> flow)
    {
        try
        {
            await flow();
        }
        catch (OperationCanceledException) { }
        catch (Exception fault)
        {
            loop.Fail(fault);
        }
    }

    private void Run(Action action)
    {
        if (!Alive)
        {
            return;
        }

        if (Paused)
        {
            _held.Add(action);
        }
        else
        {
            action();
        }
    }

    private sealed class Scheduler(SimulatedProcess process) : TaskScheduler
    {
        protected override IEnumerable<Task> GetScheduledTasks() => [];

        // May be called by another thread, if something escaped; then an exception from here would end the whole test run.
        protected override void QueueTask(Task task) => process.Guarded(() => process.Enqueue(() => TryExecuteTask(task)));

        // Inlining would hide interleavings, and would run tasks of a paused process.
        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
    }

    private void Enqueue(Action action)
    {
        if (Alive)
        {
            loop.Ready(() => Run(action));
        }
    }
}

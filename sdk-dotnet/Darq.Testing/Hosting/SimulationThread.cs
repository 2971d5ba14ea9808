using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Darq.Testing.Scheduling;

namespace Darq.Testing.Hosting;

/// <summary>
/// The thread on which Redis, component and clock are simulated; the app and the test run wherever they like, and reach it through its
/// inbox. Time stands still but in three cases: 1. A call is under way: up to its answer. 2. Somebody waits for the world to be idle, or
/// for time to pass, and the app does nothing: up to that. 3. The same, while a handler runs but has done nothing for a real moment: up to
/// the next timer for which it seems to wait, and after longer moments to any timer of the app (<see cref="AppTimers"/>).
/// </summary>
internal sealed class SimulationThread : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(30);

    private readonly BlockingCollection<Action> _inbox = [];
    private readonly TaskCompletionSource _faulted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Random _random;
    private readonly TimeSpan _handlerTimeout;
    private readonly Thread _thread;
    private long _now;

    // Of the thread.
    private Loop _loop = null!;
    private TimeSpan _advanced;
    private Goal? _goal;
    private bool _isNudged;
    private bool _isEnding;
    private int _silentMoments;

    // The app seems to wait for its timer that is due then: time passes up to it without another look.
    private DateTimeOffset? _awaited;

    public SimulationThread(Random random, TimeSpan handlerTimeout)
    {
        (_random, _handlerTimeout, Timers) = (random, handlerTimeout, new(handlerTimeout));
        var started = new TaskCompletionSource<Loop>(TaskCreationOptions.RunContinuationsAsynchronously);
        _thread = new(() => Run(started)) { IsBackground = true, Name = "darq simulation" };
        _thread.Start();
        Started = started.Task;
    }

    public Task<Loop> Started { get; }

    /// <summary>The virtual time; may be read by any thread.</summary>
    public DateTimeOffset Now => new(Volatile.Read(ref _now), TimeSpan.Zero);

    /// <summary>Calls under way for whose answers time passes. Of the thread.</summary>
    public int Calls { get; set; }

    /// <summary>What runs outside and must end before the world is idle, and tells its name: handlers, and apps that start. Of the
    /// thread.</summary>
    public HashSet<object> Outside { get; } = [];

    /// <summary>When timers of the app are due. Of the thread.</summary>
    public AppTimers Timers { get; }

    /// <summary>Whether somebody waits, so that messages are handed to the app. Of the thread.</summary>
    public bool IsAwaited => _goal is not null;

    /// <summary>How much time the test has let pass by name, not while it waited for the world to be idle. Of the thread.</summary>
    public TimeSpan Advanced => _advanced + (_goal is { Reached: null } goal ? _loop.Now - goal.Begin : TimeSpan.Zero);

    /// <summary>Runs an action on the thread, soon; never, once the simulation has ended.</summary>
    public void Post(Action action) => TryPost(action);

    private bool TryPost(Action action)
    {
        try
        {
            _inbox.Add(action);
            return true;
        }
        catch (Exception fault) when (fault is ObjectDisposedException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Runs a function on the thread and returns what it returned. Blocks, for methods of tests that are not async.</summary>
    public T Ask<T>(Func<T> function) => Wait(AskAsync<T>(done => done.TrySetResult(function())));

    /// <summary>Blocks until something that the simulation does is done.</summary>
    public static T Wait<T>(Task<T> task)
    {
        var answer = new Answer<T>();
        _ = TakeAsync(task, answer);
        answer.Done.Wait();
        answer.Fault?.Throw();
        return answer.Value!;
    }

    /// <summary>Begins something on the thread, which ends when the source is set.</summary>
    public async Task<T> AskAsync<T>(Action<TaskCompletionSource<T>> begin)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isPosted = TryPost(() =>
        {
            try
            {
                begin(done);
            }
            catch (Exception fault)
            {
                done.TrySetException(fault);
            }
        });
        ObjectDisposedException.ThrowIf(!isPosted, typeof(DarqTestHost));
        if (await Task.WhenAny(done.Task, _faulted.Task).ConfigureAwait(false) == _faulted.Task)
        {
            await _faulted.Task.ConfigureAwait(false);
        }

        return await done.Task.ConfigureAwait(false);
    }

    /// <summary>
    /// Lets time pass until the condition holds while nothing is under way; false when so much time is over. Without a condition, only the
    /// time counts.
    /// </summary>
    public async Task<bool> RunUntilAsync(Func<bool>? reached, TimeSpan within, Action? begun, CancellationToken cancellationToken)
    {
        Goal? own = null;
        var cancelling = cancellationToken.Register(() => Post(GiveUp));
        await using (cancelling.ConfigureAwait(false))
        {
            return await AskAsync<bool>(done =>
                {
                    if (_goal is not null)
                    {
                        throw new InvalidOperationException("Another call is letting time pass; await one before the next begins.");
                    }

                    _goal = own = new(Now, Now + within, reached, done);
                    (_silentMoments, _awaited) = (0, null);
                    begun?.Invoke();
                    GiveUp();
                })
                .ConfigureAwait(false);
        }

        void GiveUp()
        {
            if (cancellationToken.IsCancellationRequested && own is not null && _goal == own)
            {
                End();
                own.Done.TrySetCanceled(cancellationToken);
            }
        }
    }

    /// <summary>For which timers of the app time would have to pass. Of the thread.</summary>
    public string DescribeTimers()
    {
        var due = Timers.Due;
        if (due.Length == 0)
        {
            return "No timer of the app is set.";
        }

        var set = $"{due.Length} of its timers are set, the first for {Text(due[0])}; it is {Text(Now)}";
        return IsAwaited ? set + "." : set + ", and virtual time stands still until the app has started: do not await a timer there.";

        static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the wait with an error, if somebody waits. Of the thread.</summary>
    public void Fail(Exception why)
    {
        if (_goal is { } goal)
        {
            End();
            goal.Done.TrySetException(why);
        }
    }

    /// <summary>Ends the wait, if somebody waits, because the host ends.</summary>
    public void EndWait() => Post(() => Fail(Ended()));

    /// <summary>The app is told that a timer is due, and may begin something. It has to see that time. Of the thread.</summary>
    public void Nudged(DateTimeOffset now)
    {
        _isNudged = true;
        Volatile.Write(ref _now, now.UtcTicks);
    }

    public void Dispose()
    {
        Post(() => _isEnding = true);
        _inbox.CompleteAdding();
        _thread.Join();
        _inbox.Dispose();
    }

    private static async Task TakeAsync<T>(Task<T> task, Answer<T> answer)
    {
        try
        {
            answer.Value = await task.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            answer.Fault = ExceptionDispatchInfo.Capture(fault);
        }

        answer.Done.Set();
    }

    private void Run(TaskCompletionSource<Loop> started)
    {
        var loop = _loop = new Loop(_random);
        Volatile.Write(ref _now, loop.Now.UtcTicks);
        started.SetResult(loop);
        while (!_isEnding)
        {
            try
            {
                Turn(loop);
            }
            catch (Exception fault)
            {
                loop.Fail(fault);
            }

            Volatile.Write(ref _now, loop.Now.UtcTicks);
        }

        LetGo();
    }

    /// <summary>Those who still wait for something have it from now on that the host has ended.</summary>
    private void LetGo()
    {
        Fail(Ended());
        _faulted.TrySetException(Ended());
        // Nobody may be waiting, and then it is no unobserved exception.
        _ = _faulted.Task.Exception;
    }

    private static ObjectDisposedException Ended() => new(typeof(DarqTestHost).FullName);

    private void Turn(Loop loop)
    {
        if (loop.Fault is { } fault)
        {
            var failure = new DarqTestException("The simulation failed: " + fault.Message, fault);
            _faulted.TrySetException(failure);
            Fail(failure);
            Take(Timeout.InfiniteTimeSpan);
        }
        // What is ready goes before what comes from outside, whose moment is one of real time: so a run can be repeated.
        else if (!loop.RunReady())
        {
            if (_inbox.TryTake(out var action))
            {
                Do(action);
            }
            else
            {
                Pass(loop);
            }
        }
    }

    /// <summary>Nothing is ready: time passes, or somebody outside has to do something first.</summary>
    private void Pass(Loop loop)
    {
        if (Calls > 0 && loop.NextEvent is not null)
        {
            loop.RunNextEvent();
        }
        else if (_goal is null)
        {
            Take(Timeout.InfiniteTimeSpan);
        }
        else if (Outside.Count > 0)
        {
            WaitForApp(loop, _goal);
        }
        else if (_isNudged)
        {
            _isNudged = false;
            Take(Moment);
        }
        else if (_goal.Reached?.Invoke() == true)
        {
            Finish(reached: true);
        }
        else
        {
            Jump(loop, _goal, _goal.End);
        }
    }

    private void WaitForApp(Loop loop, Goal goal)
    {
        if (_awaited is { } due)
        {
            Jump(loop, goal, due);
            _awaited = Timers.HasNext(due) ? due : null;
            return;
        }

        if (Take(Moment))
        {
            return;
        }

        if (++_silentMoments * Moment > _handlerTimeout && !Debugger.IsAttached)
        {
            var names = string.Join(", ", Outside.Select(each => each.ToString()).Order());
            Fail(
                new DarqTestException(
                    $"For {_handlerTimeout.TotalSeconds} s of real time nothing came from {names}. "
                        + "A handler waits for something that does not happen: real time, a lock, or what another handler does "
                        + "(MaxConcurrentHandlers)."
                )
            );
        }
        else
        {
            _awaited = Timers.AwaitedAfter(_silentMoments * Moment);
        }
    }

    private void Jump(Loop loop, Goal goal, DateTimeOffset until)
    {
        if (loop.NextEvent is { } next && next <= goal.End)
        {
            if (next <= until)
            {
                loop.RunNextEvent();
            }

            return;
        }

        loop.RunFor(goal.End - loop.Now);
        Finish(reached: false);
    }

    private void Finish(bool reached)
    {
        var goal = _goal!;
        End();
        goal.Done.TrySetResult(reached);
    }

    private void End()
    {
        (_advanced, _goal) = (Advanced, null);
    }

    /// <summary>Waits for something in the inbox and does it; false where nothing came.</summary>
    private bool Take(TimeSpan within)
    {
        if (!_inbox.TryTake(out var action, within))
        {
            return false;
        }

        Do(action);
        return true;
    }

    private void Do(Action action)
    {
        (_silentMoments, _awaited) = (0, null);
        action();
    }

    private sealed class Answer<T>
    {
        public ManualResetEventSlim Done { get; } = new();

        public T? Value { get; set; }

        public ExceptionDispatchInfo? Fault { get; set; }
    }

    private sealed record Goal(DateTimeOffset Begin, DateTimeOffset End, Func<bool>? Reached, TaskCompletionSource<bool> Done);
}

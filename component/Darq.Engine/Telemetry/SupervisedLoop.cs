using Darq.Engine.Core;

namespace Darq.Engine.Telemetry;

/// <summary>
/// A loop that only its owner ends: it runs rounds, waits as long as each one returns or until it is woken, and begins again after
/// any fault. It counts and logs each fault: a fault that ends by itself (Redis is away, or answers with an error) once, when it
/// begins; any other with its trace. Pauses after faults double.
/// </summary>
/// <param name="name">Of the loop in logs, with its subject.</param>
/// <param name="round">One round; returns how long to wait for the next one unless woken before.</param>
/// <param name="time">Its clock.</param>
/// <param name="log">Where faults go.</param>
/// <param name="wake">What wakes it, where loops share that: it wakes one that waits. Else its own.</param>
internal sealed class SupervisedLoop(
    string name,
    Func<CancellationToken, Task<TimeSpan>> round,
    TimeProvider time,
    ILogger log,
    AsyncAutoResetEvent? wake = null
) : IAsyncDisposable
{
    /// <summary>
    /// Returned by a round that found nothing to do: the next one begins when the loop is woken. It does not end a series of failures,
    /// because it tried nothing.
    /// </summary>
    public static readonly TimeSpan NothingToDo = TimeSpan.MaxValue;

    private static readonly TimeSpan DefaultShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan DefaultLongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailureLife = TimeSpan.FromMinutes(1);

    private readonly AsyncAutoResetEvent _wake = wake ?? new(time);
    private readonly CancellationTokenSource _stopping = new();

    // Written by the loop alone.
    private Task? _running;
    private long _lastSuccess = time.GetTimestamp();
    private volatile bool _isIdle;
    private long _rounds;
    private long _failures;
    private int _failuresInRow;
    private long _failedAt;

    // Found when it is first needed.
    private LoopCounters? _counters;

    public string Name { get; } = name;

    /// <summary>Its clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Its name in metrics, where the one in logs has its subject as well.</summary>
    public string Kind { get; init; } = name;

    /// <summary>Whose it is.</summary>
    public MetricLabels Subject { get; init; } = new("");

    public LoopCounters Counters => _counters ??= LoopMetrics.Of(Kind, Subject);

    /// <summary>First pause after a fault; 0.2 s by default.</summary>
    public TimeSpan ShortestPause { private get; init; } = DefaultShortestPause;

    /// <summary>Longest pause after a fault; 2 s by default.</summary>
    public TimeSpan LongestPause { private get; init; } = DefaultLongestPause;

    /// <summary>Logs a fault that ends by itself, in place of the loop; gets the number of failures before it in a row.</summary>
    public Action<Exception, int>? Report { private get; init; }

    /// <summary>Rounds that ended well.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Rounds that ended in a fault.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>How long ago the last round ended well; zero while the loop waits for work.</summary>
    public TimeSpan Age => _isIdle ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastSuccess));

    /// <summary>Whether it ended though its owner did not end it: only a fault in the handling of a fault can do that.</summary>
    public bool IsDead => _running is { IsCompleted: true } && !_stopping.IsCancellationRequested;

    /// <summary>Set around a wait inside a round, by a loop whose work wakes it.</summary>
    public bool IsIdle
    {
        set
        {
            Volatile.Write(ref _lastSuccess, time.GetTimestamp());
            _isIdle = value;
        }
    }

    /// <summary>Counts as the end of a round, for a loop whose round lasts as long as there is something to do.</summary>
    public void Progress()
    {
        Volatile.Write(ref _rounds, _rounds + 1);
        Volatile.Write(ref _lastSuccess, time.GetTimestamp());
    }

    /// <summary>Starts it; to be called once.</summary>
    public void Start()
    {
        LoopMetrics.Add(this);
        _running = RunAsync();
    }

    /// <summary>Lets the next round begin at once. Safe to repeat, from anywhere.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Ends it and waits until its round has ended. Safe to repeat.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping.CancelHere();
        if (_running is not null)
        {
            // One that is dead has said so, and must not keep its owner from stopping.
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            LoopMetrics.Remove(this);
        }
    }

    private async Task RunAsync()
    {
        // The caller of Start may hold a lock, or be a constructor.
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var wait = await round(_stopping.Token);
                Succeeded(wait != NothingToDo);
                if (wait != TimeSpan.Zero)
                {
                    await WaitAsync(wait);
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                var pause = Failed(fault);
                await Task.Delay(pause, time, _stopping.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }

    private async Task WaitAsync(TimeSpan wait)
    {
        IsIdle = true;
        try
        {
            // A timer of less would be over at once, and the loop would spin until the time is there.
            var atLeast = wait < ShortestWait ? ShortestWait : wait;
            await (
                wait == Timeout.InfiniteTimeSpan || wait == NothingToDo
                    ? _wake.WaitAsync(_stopping.Token)
                    : _wake.WaitAsync(atLeast, _stopping.Token)
            );
        }
        finally
        {
            IsIdle = false;
        }
    }

    private void Succeeded(bool hasTried)
    {
        // Where another does what there is to do, a loop that failed once may not try for days.
        if (_failuresInRow > 0 && (hasTried || time.GetElapsedTime(_failedAt) >= FailureLife))
        {
            log.LoopRecovered(Name, _failuresInRow);
            _failuresInRow = 0;
        }

        Progress();
    }

    /// <summary>Counts and logs a fault; returns how long to pause.</summary>
    private TimeSpan Failed(Exception fault)
    {
        Volatile.Write(ref _failures, _failures + 1);
        Counters.Failures.Add();
        _failedAt = time.GetTimestamp();
        if (fault is not (DarqException or RedisUnavailableException or RedisRefusedException))
        {
            log.LoopFailed(Name, fault);
        }
        else if (Report is { } report)
        {
            report(fault, _failuresInRow);
        }
        else if (_failuresInRow == 0)
        {
            log.LoopRoundFailed(Name, fault.Message.TrimEnd('.'));
        }

        var pause = ShortestPause * (1 << Math.Min(_failuresInRow++, 6));
        return pause < LongestPause ? pause : LongestPause;
    }
}

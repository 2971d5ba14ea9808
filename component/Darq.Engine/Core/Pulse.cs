using System.Threading.Tasks.Sources;

namespace Darq.Engine.Core;

/// <summary>
/// Wakes one loop, which continues on the thread that sets the pulse. Setting it while the loop runs makes its next wait end at once, and
/// setting it again changes nothing. Allocates nothing.
/// </summary>
internal sealed class Pulse : IValueTaskSource
{
    private const int Calm = 0;
    private const int IsSet = 1;
    private const int IsAwaited = 2;

    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state;

    /// <summary>Setters need not hold a lock, and must not hold one that the loop takes.</summary>
    public void Set()
    {
        if (Interlocked.CompareExchange(ref _state, IsSet, Calm) != IsAwaited)
        {
            return;
        }

        // Only one setter ends the wait; the others have set it for the next one.
        if (Interlocked.CompareExchange(ref _state, Calm, IsAwaited) == IsAwaited)
        {
            _source.SetResult(true);
        }
        else
        {
            Set();
        }
    }

    /// <summary>Waits until it is set, and clears it. For one loop.</summary>
    public ValueTask WaitAsync()
    {
        _source.Reset();
        if (Interlocked.CompareExchange(ref _state, IsAwaited, Calm) == Calm)
        {
            return new(this, _source.Version);
        }

        // With a full fence: what the loop looks at next must not be older than what the setter did before.
        Interlocked.Exchange(ref _state, Calm);
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

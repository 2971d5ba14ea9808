using System.Diagnostics;

namespace Darq.Testing.Hosting;

/// <summary>
/// When timers of the app are due, and for which of them a silent handler seems to wait. The longer it does nothing in real time, the more
/// of them count: at once those that it awaits; after a second deadlines and timers of code in the background, because it may be doing
/// real work; and after a third of HandlerTimeout the deadline that the SDK gives every handler, because there work may take long. While a
/// debugger is attached that last one counts only when time passes for something else. Of the simulation's thread.
/// </summary>
internal sealed class AppTimers(TimeSpan handlerTimeout)
{
    private static readonly TimeSpan LongMoment = TimeSpan.FromSeconds(1);

    private readonly SortedSet<(DateTimeOffset Due, long Number)>[] _sets =
    [
        [],
        [],
        [],
    ];
    private long _numbers;

    /// <summary>Of all that are set, in order.</summary>
    public DateTimeOffset[] Due => [.. _sets.SelectMany(set => set).Select(timer => timer.Due).Order()];

    public (DateTimeOffset Due, long Number) Add(TimerKind kind, DateTimeOffset due)
    {
        // Numbered, so that no two are the same, of whatever process.
        var timer = (due, ++_numbers);
        _sets[(int)kind].Add(timer);
        return timer;
    }

    /// <summary>Returns whether it was there.</summary>
    public bool Remove(TimerKind kind, (DateTimeOffset Due, long Number) timer) => _sets[(int)kind].Remove(timer);

    public void Clear() => Array.ForEach(_sets, set => set.Clear());

    /// <summary>When the timer is due for which a handler seems to wait after so much silence; null where it waits for none.</summary>
    public DateTimeOffset? AwaitedAfter(TimeSpan silence) =>
        First(TimerKind.Awaited) is { } awaited ? awaited
        : silence >= LongMoment && First(TimerKind.Other) is { } other ? other
        : silence >= handlerTimeout / 3 && !Debugger.IsAttached ? First(TimerKind.Processing)
        : null;

    /// <summary>Whether the next timer of any kind is due then.</summary>
    public bool HasNext(DateTimeOffset due) => _sets.Any(set => set.Count > 0 && set.Min.Due == due);

    private DateTimeOffset? First(TimerKind kind) => _sets[(int)kind] is { Count: > 0 } set ? set.Min.Due : null;
}

/// <summary>What a timer of the app is for.</summary>
internal enum TimerKind
{
    /// <summary>A handler seems to wait for it.</summary>
    Awaited,

    /// <summary>A deadline, or a timer of code in the background.</summary>
    Other,

    /// <summary>The time that the SDK gives a handler.</summary>
    Processing,
}

using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Subscriptions;

/// <summary>Workers of a subscription that have something to do after an event.</summary>
[Flags]
internal enum Workers
{
    None = 0,
    Reader = 1,
    RetryMover = 2,
    RetryFetcher = 4,
    Rebalancer = 8,
    Clock = 16,
    All = Reader | RetryMover | RetryFetcher | Rebalancer | Clock,
}

/// <summary>
/// What events ask of the world: attempts to be sent, outcomes to be told to Redis, workers to be woken, lines to be logged. The shell
/// takes them after each event and carries them out.
/// </summary>
internal sealed class Effects
{
    private readonly List<Attempt> _attempts = [];
    private readonly List<Settlement> _settlements = [];
    private readonly List<AppPresence> _apps = [];
    private readonly List<Action<ILogger>> _lines = [];
    private Workers _workers;

    public void Send(Attempt attempt) => _attempts.Add(attempt);

    public void Settle(Settlement settlement) => _settlements.Add(settlement);

    public void Wake(Workers workers) => _workers |= workers;

    /// <summary>When the clock does its next round; null: when it is woken.</summary>
    public TimeSpan? Alarm { get; set; }

    /// <summary>
    /// Lets the clock do a round by then. It is woken only where it would come later: most messages are answered long before.
    /// </summary>
    public void SetAlarm(TimeSpan? due)
    {
        if (due is { } time && !(Alarm <= time))
        {
            Alarm = time;
            Wake(Workers.Clock);
        }
    }

    /// <summary>Tells other subscriptions that the app may be tried, or that it is there.</summary>
    public void AppChanged(AppPresence app) => _apps.Add(app);

    public void Log(Action<ILogger> line) => _lines.Add(line);

    public Taken Take()
    {
        var taken = new Taken(_workers, Drain(_attempts), Drain(_settlements), Drain(_apps), Drain(_lines));
        _workers = Workers.None;
        return taken;
    }

    private static T[] Drain<T>(List<T> list)
    {
        if (list.Count == 0)
        {
            return [];
        }

        T[] taken = [.. list];
        list.Clear();
        return taken;
    }

    internal readonly record struct Taken(
        Workers Workers,
        Attempt[] Attempts,
        Settlement[] Settlements,
        AppPresence[] Apps,
        Action<ILogger>[] Lines
    );
}

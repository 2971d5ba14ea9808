using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>
/// Says how many lanes were lost, once for all that go at about the same time: of those that are another's Redis tells one by one. Belongs
/// to the core.
/// </summary>
internal sealed class LostLanes(string group, string topic, SubscriptionCounters counters, Effects effects)
{
    /// <summary>How long losses are collected.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(250);

    private int _unsaid;

    /// <summary>When the clock has to call <see cref="Say"/>; null while there is nothing to say.</summary>
    public TimeSpan? Due { get; private set; }

    public void Add(int count)
    {
        counters.LanesLost.Add(count);
        _unsaid += count;
    }

    /// <summary>Sets the clock for what was lost in an event.</summary>
    public void Arm(Instant now)
    {
        if (_unsaid > 0 && Due is null)
        {
            Due = now.Elapsed + Round;
            effects.SetAlarm(Due);
        }
    }

    public void Say(Instant now)
    {
        if (Due <= now.Elapsed)
        {
            var count = _unsaid;
            (_unsaid, Due) = (0, null);
            effects.Log(log => log.LanesWereLost(group, count, topic));
        }
    }
}

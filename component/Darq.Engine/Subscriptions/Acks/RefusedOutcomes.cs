using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>
/// Says once for each lane and reason that Redis refuses outcomes, and once that it takes them again: every one of them is sent again each
/// second. Safe for concurrent use. Memory: <see cref="MaxReasons"/> texts for each lane.
/// </summary>
internal sealed class RefusedOutcomes(string group, string topic, ILogger log)
{
    /// <summary>A text may name what is in a message, so that there could be as many as messages.</summary>
    private const int MaxReasons = 8;

    private readonly Lock _lock = new();

    // Under _lock.
    private readonly Dictionary<int, (int Epoch, HashSet<string> Reasons)> _said = [];

    /// <summary>Redis refused an outcome.</summary>
    public void Refused(Settlement settlement, string why)
    {
        settlement.WasRefused = true;
        var (message, lane) = (settlement.Message.Message, settlement.Message.Lane);
        lock (_lock)
        {
            // After a loss of the lane nothing that was said before concerns it.
            if (!_said.TryGetValue(lane.Partition, out var said) || said.Epoch != settlement.Epoch)
            {
                _said[lane.Partition] = said = (settlement.Epoch, new(StringComparer.Ordinal));
            }

            if (said.Reasons.Count == MaxReasons || !said.Reasons.Add(why))
            {
                return;
            }
        }

        log.OutcomeWasRefused(group, topic, lane.Partition, message.Id, why);
    }

    /// <summary>Redis answered an outcome, be it that the lane is another's.</summary>
    public void Taken(Settlement settlement)
    {
        if (!settlement.WasRefused)
        {
            return;
        }

        settlement.WasRefused = false;
        var partition = settlement.Message.Lane.Partition;
        lock (_lock)
        {
            if (!_said.TryGetValue(partition, out var said) || said.Epoch != settlement.Epoch)
            {
                return;
            }

            _said.Remove(partition);
        }

        log.OutcomesAreTaken(group, topic, partition);
    }
}

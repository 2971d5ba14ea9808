using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Ownership;

/// <summary>Says once what is in the way of a lane in Redis, and when that is over. Belongs to the core.</summary>
internal sealed class DamagedLanes(string group, string topic, Effects effects)
{
    /// <param name="lane">Which was looked at.</param>
    /// <param name="damage">Which key of it is damaged, and how; "" where none is.</param>
    public void Note(Lane lane, string damage)
    {
        if (lane.Damage == damage)
        {
            return;
        }

        lane.Damage = damage;
        var partition = lane.Partition;
        effects.Log(
            damage.Length > 0
                ? log => log.LaneIsDamaged(group, topic, partition, damage)
                : log => log.LaneWasRepaired(group, topic, partition)
        );
    }
}

using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>A subscription as readiness and metrics show it.</summary>
/// <param name="Group">Who consumes.</param>
/// <param name="Topic">What.</param>
/// <param name="Gauges">Its numbers.</param>
/// <param name="Silence">How long the stream has been silent that is over its limit by most; zero where none is over it.</param>
internal sealed record SubscriptionStatus(string Group, string Topic, SubscriptionGauges Gauges, TimeSpan Silence)
{
    public static SubscriptionStatus Of(SubscriptionCore core, string group, string topic, TimeSpan now)
    {
        var unanswered = core.Streams.SelectMany(stream => stream.Unanswered).ToArray();
        var backingOff = core.Ready.BackingOff.Count(message => message.State == MessageState.BackingOff);
        var gauges = new SubscriptionGauges(
            Streams: core.Streams.Count,
            Lanes: core.Lanes.Count(lane => lane.Owned),
            DamagedLanes: core.Lanes.Count(lane => lane.Damage.Length > 0),
            InFlight: unanswered.Length,
            RetriesWaiting: backingOff + core.Lanes.Sum(lane => lane.Retries.Count),
            OldestUnanswered: unanswered.Length == 0 ? TimeSpan.Zero : now - unanswered.Min(attempt => attempt.SentAt)
        );
        var silent = core.Streams.Where(stream => now - stream.SilentSince > stream.MaxSilence).ToArray();
        return new(group, topic, gauges, silent.Length == 0 ? TimeSpan.Zero : silent.Max(stream => now - stream.SilentSince!.Value));
    }
}

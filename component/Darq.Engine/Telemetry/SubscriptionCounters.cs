namespace Darq.Engine.Telemetry;

/// <summary>What this process counts of one group on one topic.</summary>
internal sealed class SubscriptionCounters(MetricLabels labels)
{
    public MetricLabels Labels => labels;

    public Count Sent { get; } = new();

    public Count[] Failed { get; } = Count.ForEach(CounterReasons.DeliveryFailures);

    /// <summary>Acknowledgements, steps and moves to the retry queue that Redis refused because another owns the lane.</summary>
    public Count Fenced { get; } = new();

    /// <summary>Messages acknowledged without a step.</summary>
    public Count Acked { get; } = new();

    /// <summary>Messages that a step consumed.</summary>
    public Count Consumed { get; } = new();

    public Count Expired { get; } = new();

    public Count[] DeadLettered { get; } = Count.ForEach(CounterReasons.GiveUps);

    public Count LanesLost { get; } = new();

    /// <summary>Lanes taken over from a process that went silent.</summary>
    public Count LanesTakenOver { get; } = new();

    public void Fail(DeliveryFailure why) => Failed[(int)why].Add();

    public void GiveUp(GiveUpReason why) => DeadLettered[(int)why].Add();
}

namespace Darq.Engine.Telemetry;

/// <summary>What this process appended to one topic.</summary>
internal sealed class TopicCounters(MetricLabels labels)
{
    public MetricLabels Labels => labels;

    public Count Appended { get; } = new();

    /// <summary>Messages that Redis had already.</summary>
    public Count Duplicates { get; } = new();
}

namespace Darq.Engine.Telemetry;

/// <summary>What this process counts of one namespace.</summary>
internal sealed class NamespaceCounters(MetricLabels labels)
{
    private int _crossPartitionSaid;

    public MetricLabels Labels => labels;

    /// <summary>World-lines that began while this process was at work.</summary>
    public Count Recoveries { get; } = new();

    /// <summary>Times that Redis had lost writes which it had applied.</summary>
    public Count Losses { get; } = new();

    /// <summary>Times that Redis had lost writes which had been confirmed as durable.</summary>
    public Count BrokenPromises { get; } = new();

    /// <summary>Rounds that confirmed writes as durable.</summary>
    public Count DurabilityRounds { get; } = new();

    public Count Batches { get; } = new();

    public Count Requests { get; } = new();

    public Count[] FailedBatches { get; } = Count.ForEach(CounterReasons.BatchFailures);

    public Count[] EndedSteps { get; } = Count.ForEach(CounterReasons.StepOutcomes);

    public Count CrossPartitionSteps { get; } = new();

    /// <summary>True for the first who asks: the log says it once for all instances of the namespace.</summary>
    public bool MaySayCrossPartition() => Interlocked.Exchange(ref _crossPartitionSaid, 1) == 0;

    public void Fail(BatchFailure why) => FailedBatches[(int)why].Add();

    /// <summary>Counts a step by the word of its outcome; null where it has none.</summary>
    public void End(string? outcome)
    {
        var at = 0;
        while (at < EndedSteps.Length - 1 && !CounterReasons.StepOutcomes[at].Equals(outcome, StringComparison.OrdinalIgnoreCase))
        {
            at++;
        }

        EndedSteps[at].Add();
    }
}

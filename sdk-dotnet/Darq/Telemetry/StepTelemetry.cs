using System.Diagnostics;
using System.Diagnostics.Metrics;
using Darq.Steps;

namespace Darq.Telemetry;

/// <summary>The spans and metrics of steps.</summary>
internal static class StepTelemetry
{
    /// <summary>The outcome of a step whose handler threw.</summary>
    public const string HandlerFailed = "handler-failed";

    private static readonly ActivitySource Activities = new(DarqTelemetry.ActivitySourceName);
    private static readonly Meter Meter = new(DarqTelemetry.MeterName);
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>(
        "darq.step.duration",
        "s",
        "Handler and sending of a step, all its runs, by topic and outcome."
    );
    private static readonly Counter<long> Reruns = Meter.CreateCounter<long>(
        "darq.step.reruns",
        "{run}",
        "Runs of a handler because another changed what it had read."
    );

    public static Activity? Start(StepSource source)
    {
        var activity = Activities.StartActivity($"step {source.Topic}", ActivityKind.Consumer);
        activity?.SetTag("messaging.system", "darq");
        activity?.SetTag("messaging.destination.name", source.Topic);
        activity?.SetTag("messaging.message.id", source.Id);
        activity?.SetTag("darq.attempt", source.Attempt);
        return activity;
    }

    public static void Finish(Activity? activity, StepSource source, string outcome, TimeSpan duration)
    {
        activity?.SetTag("darq.outcome", outcome);
        Durations.Record(duration.TotalSeconds, new("topic", source.Topic), new("outcome", outcome));
    }

    public static void Rerun(StepSource source) => Reruns.Add(1, new KeyValuePair<string, object?>("topic", source.Topic));

    public static string Word(StepOutcome outcome) =>
        outcome switch
        {
            StepOutcome.Applied => "applied",
            StepOutcome.Duplicate => "duplicate",
            StepOutcome.Fenced => "fenced",
            StepOutcome.Stale => "stale",
            StepOutcome.Conflict => "conflict",
            StepOutcome.Full => "full",
            StepOutcome.TooLarge => "too-large",
            StepOutcome.CrossPartition => "cross-partition",
            StepOutcome.Refused => "refused",
            StepOutcome.RolledBack => "rolled-back",
            StepOutcome.Unknown => "unknown",
            _ => throw new UnreachableException(),
        };
}

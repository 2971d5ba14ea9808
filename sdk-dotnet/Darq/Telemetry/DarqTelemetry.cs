namespace Darq;

/// <summary>The names under which an app collects the spans and metrics of its steps.</summary>
public static class DarqTelemetry
{
    /// <summary>
    /// The source of the spans: one <c>step &lt;topic&gt;</c> for each delivery, with the message's id, the attempt and the outcome.
    /// </summary>
    public const string ActivitySourceName = "Darq";

    /// <summary>
    /// The meter: <c>darq.step.duration</c> in seconds by <c>topic</c> and <c>outcome</c>, and <c>darq.step.reruns</c> by <c>topic</c>.
    /// </summary>
    public const string MeterName = "Darq";
}

using Darq.Component.Cli.Findings;

namespace Darq.Component.Cli.Output;

/// <summary>A form in which a report is shown.</summary>
internal interface IReportWriter
{
    /// <summary>What was looked at and found.</summary>
    void Write(Report report);

    /// <summary>What a repair does, or would do, about findings.</summary>
    /// <param name="report">What was looked at and found.</param>
    /// <param name="steps">What is done about it.</param>
    /// <param name="applied">Whether it was done.</param>
    void Write(Report report, IReadOnlyList<RepairStep> steps, bool applied);
}

/// <summary>A finding with a repair, and what became of it.</summary>
/// <param name="Finding">The first of the findings that it mends.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Why">What Redis says where it refused the repair; else "".</param>
internal sealed record RepairStep(Finding Finding, RepairOutcome Outcome, string Why = "");

/// <summary>JSON has the names in small letters.</summary>
internal enum RepairOutcome
{
    /// <summary>Shown, and not done.</summary>
    Planned,
    Done,

    /// <summary>What it rests on has changed since; nothing was written.</summary>
    Changed,

    /// <summary>Redis refused it; nothing was written.</summary>
    Refused,
}

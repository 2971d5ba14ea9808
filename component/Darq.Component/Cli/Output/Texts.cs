using Darq.Component.Cli.Findings;

namespace Darq.Component.Cli.Output;

/// <summary>The words of a report, whatever its form.</summary>
internal static class Texts
{
    public static string Of(Severity severity) => severity.ToString().ToLowerInvariant();

    public static string Of(RepairOutcome outcome, string why) =>
        outcome switch
        {
            RepairOutcome.Planned => "would repair",
            RepairOutcome.Done => "repaired",
            RepairOutcome.Changed => "changed meanwhile, not repaired",
            _ => $"refused by Redis, not repaired ({why})",
        };

    /// <summary>Key and field, where the finding has them.</summary>
    public static string Place(Finding finding) => string.Join(' ', new[] { finding.Key, finding.Field }.Where(part => part is not null));

    public static string Doing(Finding finding) => $"To do: {finding.Repair?.What ?? finding.Do}";

    public static string Total(FindingList findings)
    {
        var left = findings.Left > 0 ? $" ({findings.Left} of them not shown)" : "";
        return $"{Count(findings.Errors, "error")}, {Count(findings.Warnings, "warning")}, {Count(findings.Notes, "note")}{left}";
    }

    /// <summary>Damage of the data that no repair mends.</summary>
    public static IEnumerable<Finding> Left(Report report) =>
        report.Findings.Kept.Where(finding => finding is { Severity: Severity.Error, Key: not null, Repair: null });

    /// <summary>The last line of a repair: what to do next.</summary>
    public static string End(Report report, IReadOnlyList<RepairStep> steps, bool applied)
    {
        var damage = Count(report.Findings.Damage, "error");
        if (!applied)
        {
            return steps.Count == 0
                ? $"Nothing to repair; {damage} found in the data."
                : $"{damage} found in the data, {Count(steps.Count, "repair")} shown; nothing was written. To make them, with what they "
                    + "uncover: darq repair --apply with the same options";
        }

        var done = steps.Count(step => step.Outcome == RepairOutcome.Done);
        return $"{Count(done, "repair")} made; {damage} left in the data."
            + (report.Findings.Damage > 0 ? " Look at them with: darq doctor" : "");
    }

    public static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}

using Darq.Component.Cli.Findings;
using Darq.Component.Configuration;

namespace Darq.Component.Cli.Output;

/// <summary>A report as lines, one for each finding, for a file or another program.</summary>
internal sealed class PlainReport(TextWriter output) : IReportWriter
{
    private const int NameWidth = 12;

    public void Write(Report report)
    {
        foreach (var (name, value) in report.Summary())
        {
            output.WriteLine($"{name.PadRight(NameWidth)} {SafeText.Of(value)}");
        }

        foreach (var finding in report.Findings.Kept)
        {
            output.WriteLine(Line(finding));
        }

        output.WriteLine(Texts.Total(report.Findings));
    }

    public void Write(Report report, IReadOnlyList<RepairStep> steps, bool applied)
    {
        foreach (var step in steps)
        {
            output.WriteLine(
                SafeText.Of(
                    $"{Texts.Of(step.Outcome, step.Why)} {Texts.Place(step.Finding)}: {step.Finding.What} {Texts.Doing(step.Finding)}"
                )
            );
        }

        foreach (var finding in Texts.Left(report))
        {
            output.WriteLine(Line(finding));
        }

        output.WriteLine(Texts.End(report, steps, applied));
    }

    private static string Line(Finding finding)
    {
        var place = Texts.Place(finding);
        var where = place.Length > 0 ? $" {place}" : "";
        return SafeText.Of($"{Texts.Of(finding.Severity)} {finding.Check}{where}: {finding.What} {finding.Means} To do: {finding.Do}");
    }
}

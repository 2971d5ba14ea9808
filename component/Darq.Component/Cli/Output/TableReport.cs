using Darq.Component.Cli.Findings;
using Darq.Component.Configuration;
using Spectre.Console;

namespace Darq.Component.Cli.Output;

/// <summary>A report as tables, for a person at a terminal.</summary>
internal sealed class TableReport(IAnsiConsole console) : IReportWriter
{
    public void Write(Report report)
    {
        var summary = new Grid().AddColumn().AddColumn();
        foreach (var (name, value) in report.Summary())
        {
            summary.AddRow(Cell(name), Cell(value));
        }

        console.Write(summary);
        Write(report.Findings.Kept, "To do", finding => finding.Do);
        console.MarkupLine($"[bold]{Markup.Escape(Texts.Total(report.Findings))}[/]");
    }

    public void Write(Report report, IReadOnlyList<RepairStep> steps, bool applied)
    {
        if (steps.Count > 0)
        {
            var table = new Table()
                .Border(TableBorder.Rounded)
                .AddColumns("", "Where", "Found", applied ? "Done" : "To do")
                .ShowRowSeparators();
            foreach (var step in steps)
            {
                table.AddRow(
                    Cell(Texts.Of(step.Outcome, step.Why)),
                    Cell(Texts.Place(step.Finding)),
                    Cell(step.Finding.What),
                    Cell(step.Finding.Repair!.What)
                );
            }

            console.Write(table);
        }

        Write([.. Texts.Left(report)], "To do", finding => finding.Do);
        console.MarkupLine($"[bold]{Markup.Escape(Texts.End(report, steps, applied))}[/]");
    }

    private void Write(IReadOnlyList<Finding> findings, string last, Func<Finding, string> text)
    {
        if (findings.Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "Found", "What it means", last).ShowRowSeparators();
        foreach (var finding in findings)
        {
            var place = Texts.Place(finding);
            var found = place.Length > 0 ? $"{finding.What}\n{place}" : finding.What;
            table.AddRow(
                new Markup($"[{Colour(finding.Severity)}]{Texts.Of(finding.Severity)}[/]"),
                new Text(string.Join('\n', found.Split('\n').Select(SafeText.Of))),
                Cell(finding.Means),
                Cell(text(finding))
            );
        }

        console.Write(table);
    }

    private static Text Cell(string text) => new(SafeText.Of(text));

    private static string Colour(Severity severity) =>
        severity switch
        {
            Severity.Error => "red",
            Severity.Warning => "yellow",
            _ => "grey",
        };
}

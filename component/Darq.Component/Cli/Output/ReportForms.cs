using Spectre.Console;

namespace Darq.Component.Cli.Output;

/// <summary>Chooses the form of a report.</summary>
internal static class ReportForms
{
    public const string Plain = "plain";
    public const string Json = "json";

    /// <summary>JSON where it is asked for; tables only for a person at a terminal who asked for nothing else.</summary>
    public static IReportWriter Choose(string? asked) =>
        asked switch
        {
            Json => new JsonReport(Console.OpenStandardOutput()),
            Plain => new PlainReport(Console.Out),
            _ => Console.IsOutputRedirected ? new PlainReport(Console.Out) : new TableReport(AnsiConsole.Console),
        };
}

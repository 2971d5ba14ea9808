using System.Text.Encodings.Web;
using System.Text.Json;
using Darq.Component.Cli.Findings;
using Darq.Component.Configuration;

namespace Darq.Component.Cli.Output;

/// <summary>A report as one JSON object. Names in it are only added to, never changed.</summary>
internal sealed class JsonReport(Stream output) : IReportWriter
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Write(Report report) => Write(report, static _ => { });

    public void Write(Report report, IReadOnlyList<RepairStep> steps, bool applied) =>
        Write(
            report,
            json =>
            {
                json.WriteBoolean("applied", applied);
                json.WriteStartArray("repairs");
                foreach (var step in steps)
                {
                    json.WriteStartObject();
                    json.WriteString("outcome", step.Outcome.ToString().ToLowerInvariant());
                    if (step.Why.Length > 0)
                    {
                        json.WriteString("why", SafeText.Of(step.Why));
                    }

                    json.WriteString("what", SafeText.Of(step.Finding.Repair!.What));
                    json.WriteString("key", SafeText.Of(step.Finding.Repair.Key));
                    json.WritePropertyName("finding");
                    Write(json, step.Finding);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }
        );

    private void Write(Report report, Action<Utf8JsonWriter> more)
    {
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("summary");
            foreach (var (name, value) in report.Summary())
            {
                json.WriteString(name, SafeText.Of(value));
            }

            json.WriteEndObject();
            json.WriteNumber("errors", report.Findings.Errors);
            json.WriteNumber("warnings", report.Findings.Warnings);
            json.WriteNumber("notes", report.Findings.Notes);
            json.WriteNumber("notShown", report.Findings.Left);
            json.WriteStartArray("findings");
            foreach (var finding in report.Findings.Kept)
            {
                Write(json, finding);
            }

            json.WriteEndArray();
            more(json);
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
        output.Flush();
    }

    private static void Write(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("severity", Texts.Of(finding.Severity));
        json.WriteString("check", finding.Check);
        json.WriteString("what", SafeText.Of(finding.What));
        WriteWhereGiven("key", finding.Key);
        WriteWhereGiven("field", finding.Field);
        if (finding.Partition is { } partition)
        {
            json.WriteNumber("partition", partition);
        }

        json.WriteString("means", SafeText.Of(finding.Means));
        json.WriteString("do", SafeText.Of(finding.Do));
        json.WriteBoolean("repairable", finding.Repair is not null);
        json.WriteEndObject();

        void WriteWhereGiven(string name, string? value)
        {
            if (value is not null)
            {
                json.WriteString(name, SafeText.Of(value));
            }
        }
    }
}

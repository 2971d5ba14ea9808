using System.Text.Json;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Output;
using Darq.Engine.Redis;
using Spectre.Console;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>The forms of a report.</summary>
public sealed class ReportTests
{
    private static readonly Finding Damaged = new(Severity.Error, "lane", "A lane is damaged: \"[x]\".")
    {
        Key = "{n:1:0}:m",
        Field = "l:billing:orders\n\udc80",
        Partition = 1,
        Means = "The group gets nothing.",
        Do = "darq repair",
        Repair = new("write it anew", "{n:1:0}:m", new([], [], [])),
    };

    private static readonly Finding Remark = new(Severity.Note, "memory", "maxmemory is not set.")
    {
        Means = "Redis grows.",
        Do = "Nothing",
    };

    [Fact]
    public void Plain_report_has_a_line_for_each_finding_the_worst_first()
    {
        var lines = Plain(writer => writer.Write(Report(Remark, Damaged)));

        Assert.Contains("server       Redis 7.2.4 at redis:6379", lines);
        Assert.Contains("partitions   2", lines);
        Assert.Equal(
            [
                "error lane {n:1:0}:m l:billing:orders??: A lane is damaged: \"[x]\". The group gets nothing. To do: darq repair",
                "note memory: maxmemory is not set. Redis grows. To do: Nothing",
                "1 error, 0 warnings, 1 note",
            ],
            lines[^3..]
        );
    }

    [Fact]
    public void Plain_repair_says_what_it_would_do_and_how_to_have_it_done()
    {
        var lines = Plain(writer => writer.Write(Report(Damaged), [new(Damaged, RepairOutcome.Planned)], applied: false));

        Assert.Equal("would repair {n:1:0}:m l:billing:orders??: A lane is damaged: \"[x]\". To do: write it anew", lines[0]);
        Assert.StartsWith("1 error found in the data, 1 repair shown; nothing was written.", lines[^1], StringComparison.Ordinal);
        Assert.Contains("darq repair --apply", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_repair_says_what_it_did_and_what_is_left()
    {
        var left = Damaged with { Repair = null, Do = "Restore a backup" };

        var lines = Plain(writer => writer.Write(Report(left), [new(Damaged, RepairOutcome.Done)], applied: true));

        Assert.StartsWith("repaired {n:1:0}:m", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("To do: Restore a backup", lines[1], StringComparison.Ordinal);
        Assert.Equal("1 repair made; 1 error left in the data. Look at them with: darq doctor", lines[^1]);
    }

    [Fact]
    public void Json_report_has_the_same_and_is_valid_whatever_a_key_is_called()
    {
        var report = Json(writer => writer.Write(Report(Damaged, Remark)));

        Assert.Equal((1, 0, 1), (Number("errors"), Number("warnings"), Number("notes")));
        var finding = report.GetProperty("findings")[0];
        Assert.Equal("l:billing:orders??", finding.GetProperty("field").GetString());
        Assert.Equal(("error", "lane"), (finding.GetProperty("severity").GetString(), finding.GetProperty("check").GetString()));
        Assert.True(finding.GetProperty("repairable").GetBoolean());
        Assert.False(report.GetProperty("findings")[1].TryGetProperty("key", out _));
        Assert.Equal("n", report.GetProperty("summary").GetProperty("namespace").GetString());

        int Number(string name) => report.GetProperty(name).GetInt32();
    }

    [Fact]
    public void Json_repair_has_the_outcome_of_each()
    {
        var report = Json(writer => writer.Write(Report(Damaged), [new(Damaged, RepairOutcome.Changed)], applied: true));

        Assert.True(report.GetProperty("applied").GetBoolean());
        Assert.Equal("changed", report.GetProperty("repairs")[0].GetProperty("outcome").GetString());
        Assert.Equal("{n:1:0}:m", report.GetProperty("repairs")[0].GetProperty("key").GetString());
    }

    [Fact]
    public void Table_shows_text_as_it_is_even_where_it_looks_like_markup()
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 200;

        new TableReport(console).Write(Report(Damaged));
        new TableReport(console).Write(Report(Damaged), [new(Damaged, RepairOutcome.Planned)], applied: false);

        Assert.Contains("A lane is damaged: \"[x]\".", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("write it anew", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("1 error, 0 warnings, 0 notes", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_of_one_check_are_limited_and_all_are_counted()
    {
        var list = new FindingList();
        list.AddRange(Enumerable.Repeat(Damaged, FindingList.MaxPerCheck + 7));
        list.Add(Remark);

        Assert.Equal((FindingList.MaxPerCheck + 7, 1, 7), (list.Errors, list.Notes, list.Left));
        Assert.Equal(FindingList.MaxPerCheck + 1, list.Kept.Count);
        Assert.True(list.IsDamaged(1));
        Assert.False(list.IsDamaged(2));
        Assert.EndsWith("(7 of them not shown)", Texts.Total(list), StringComparison.Ordinal);
    }

    private static string[] Plain(Action<PlainReport> write)
    {
        using var output = new StringWriter();
        write(new(output));
        return output.ToString().TrimEnd('\n').Split('\n');
    }

    private static JsonElement Json(Action<JsonReport> write)
    {
        using var output = new MemoryStream();
        write(new(output));
        return JsonDocument.Parse(output.ToArray()).RootElement;
    }

    private static Report Report(params Finding[] found)
    {
        const string Info = "redis_version:7.2.4\nrole:master\naof_enabled:1";
        var findings = new FindingList();
        findings.AddRange(found);
        var facts = new ServerFacts { Info = ServerDescriptions.Fields(Info), Server = ServerDescriptions.Parse(Info) };
        return new("redis:6379", "n", facts, 2, 7, findings, null);
    }
}

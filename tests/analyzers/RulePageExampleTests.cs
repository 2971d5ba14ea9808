using System.Text.RegularExpressions;
using Darq.Analyzers;
using Darq.Tests.Analyzers.Compiling;
using Darq.Tests.Shared;
using Microsoft.CodeAnalysis;
using Xunit;

namespace Darq.Tests.Analyzers;

/// <summary>The code of docs/analyzers.md, completed to an app: it compiles, and what a comment says is what the analyzers say.</summary>
public sealed partial class RulePageExampleTests
{
    private const string Rest = """

        partial class Program
        {
            static Step? _last;
            static string? _lastId;
            static object Compress(Order order) => order;
            static Task<decimal> PriceOf(string item) => Task.FromResult(1m);
            static Task handler(Order order, Step step) => Task.CompletedTask;
            static string SendMail() => "";
        }

        record Order(string Item, List<string> Items);
        """;

    public static TheoryData<int> Examples => [.. Enumerable.Range(0, Blocks.Length)];

    private static string[] Blocks { get; } =
    [.. Block().Matches(File.ReadAllText(Repository.PathOf("docs", "analyzers.md"))).Select(block => block.Groups[1].Value)];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Code_of_the_page_is_reported_where_it_says_so_and_nowhere_else(int index)
    {
        var source = Completed(Blocks[index]);
        var project = await App.OfAsync(OutputKind.ConsoleApplication, source + Rest);

        var found = await App.DiagnosticsAsync(
            project,
            new DaprCallAnalyzer(),
            new EscapedStepAnalyzer(),
            new UnawaitedReadAnalyzer(),
            new RepeatedCallAnalyzer(),
            new SubscribeHandlerAnalyzer()
        );

        var expected = source
            .Split('\n')
            .Select((line, number) => (Id: Said().Match(line).Value, Line: number))
            .Where(said => said.Id.Length > 0);
        Assert.Equal(expected, found.Select(one => (one.Id, one.Location.GetLineSpan().StartLinePosition.Line)));
    }

    [Fact]
    public void Every_rule_has_code_that_it_reports_and_code_that_it_does_not()
    {
        var page = File.ReadAllText(Repository.PathOf("docs", "analyzers.md"));

        var sections = page.Split("\n## ")[1..];

        Assert.Equal(5, sections.Length);
        Assert.All(
            sections,
            section =>
            {
                var blocks = Block().Matches(section).Select(block => block.Groups[1].Value).ToArray();
                Assert.Equal(section[..7], Said().Match(blocks[0]).Value);
                Assert.DoesNotMatch(Said(), blocks[1]);
            }
        );
    }

    private static string Completed(string code)
    {
        if (!code.Contains("MapStep", StringComparison.Ordinal))
        {
            code = $"app.MapStep(\"orders\", async (Order order, Step step) =>\n{{\n{code}\n}});";
        }

        return "var builder = WebApplication.CreateBuilder();\n"
            + (code.Contains("var app", StringComparison.Ordinal) ? "" : "var app = builder.Build();\napp.MapSubscribeHandler();\n")
            + code;
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("(?<=// )DARQ[0-9]{3}")]
    private static partial Regex Said();
}

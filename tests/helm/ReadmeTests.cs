using System.Text.RegularExpressions;
using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>helm/README.md: its table of values is made from the chart, and its commands are ones that helm takes.</summary>
public sealed partial class ReadmeTests
{
    private const string Path = "helm/README.md";
    private const string Begin = "<!-- values: made from values.yaml and values.schema.json -->\n";
    private const string End = "<!-- end of values -->";

    private static string Text { get; } = File.ReadAllText(Repository.PathOf(Path));

    [Fact]
    public void The_table_of_values_is_that_of_the_chart()
    {
        var (before, after) = (Text.IndexOf(Begin, StringComparison.Ordinal), Text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(before >= 0 && after > before, "The marks around the table of values are missing.");
        var table = string.Concat(ChartValues.Documented().Select(Row));

        Renewal.Compare(
            Path,
            Text[..(before + Begin.Length)] + "\n| value | accepted | default | it is |\n|---|---|---|---|\n" + table + "\n" + Text[after..]
        );
    }

    /// <summary>An installation needs a cluster; what it would install does not.</summary>
    [Fact]
    public async Task Every_installation_and_upgrade_renders()
    {
        var commands = Commands().Where(command => command is ["helm", "install" or "upgrade" or "template", ..]).ToArray();

        Assert.True(commands.Length >= 4);
        foreach (var command in commands)
        {
            string[] arguments = ["template", .. command.Skip(2).Where(argument => argument is not ("--install" or "--wait"))];
            using var values = new TempFolder();
            arguments =
            [
                .. arguments.Select(argument => argument == "values.yaml" ? values.Write("values.yaml", Fenced("yaml").First()) : argument),
            ];
            var run = await HelmProgram.RunAsync(arguments);
            Assert.True(run.ExitCode == 0, $"{string.Join(' ', command)}\n{run.Errors}");
        }
    }

    [Fact]
    public async Task The_other_commands_of_helm_exist_with_their_options()
    {
        var others = Commands().Where(command => command is ["helm", not ("install" or "upgrade" or "template"), ..]).ToArray();

        Assert.NotEmpty(others);
        foreach (var command in others)
        {
            var help = await HelmProgram.RunAsync([command[1], "--help"]);
            Assert.Equal(0, help.ExitCode);
            Assert.All(command.Where(word => word.StartsWith("--", StringComparison.Ordinal)), option =>
                Assert.Contains(option, help.Output, StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public void The_parts_of_a_chart_that_it_shows_are_those_of_the_tested_one()
    {
        var deployment = File.ReadAllText(Repository.PathOf("tests", "helm", "Parent", "templates", "deployment.yaml"));
        var chart = File.ReadAllText(Repository.PathOf("tests", "helm", "Parent", "Chart.yaml"));
        var includes = Fenced("yaml")
            .SelectMany(text => text.Split('\n'))
            .Where(line =>
                line.Contains("include \"darq.", StringComparison.Ordinal) || line.Contains("$darq :=", StringComparison.Ordinal)
            )
            .ToArray();

        Assert.True(includes.Length >= 6);
        Assert.All(includes, line => Assert.Contains(line.Trim(), deployment, StringComparison.Ordinal));
        Assert.Contains("version: 0.1.0", chart, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_link_leads_to_a_file_and_a_heading()
    {
        var links = Link()
            .Matches(Text)
            .Select(match => match.Groups[1].Value)
            .Where(link => !link.StartsWith("http", StringComparison.Ordinal))
            .Select(link => link.StartsWith('#') ? "README.md" + link : link)
            .ToArray();

        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Documents.Has("helm", link), link));
    }

    private static string Row(DocumentedValue value)
    {
        var standard = value.Default?.ToJsonString(Plain) is { } text && text is not ("\"\"" or "{}" or "[]") ? $"`{text.Trim('"')}`" : "";
        return $"| `{value.Path}` | {value.Form} | {standard} | {value.Description} |\n";
    }

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The commands of the document as words; a line that ends in a backslash goes on in the next one.</summary>
    private static IEnumerable<string[]> Commands() =>
        Fenced("sh")
            .SelectMany(text => text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
            .Select(line => Comment().Replace(line, "").Trim())
            .Where(line => line.Length > 0)
            .Select(line => CommandWord().Matches(line).Select(word => word.Value.Replace("'", "", StringComparison.Ordinal)).ToArray());

    private static IEnumerable<string> Fenced(string language) =>
        Fence().Matches(Text).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value);

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\s+#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"('[^']*'|[^\s'])+")]
    private static partial Regex CommandWord();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}

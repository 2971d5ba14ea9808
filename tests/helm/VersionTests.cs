using System.Text.RegularExpressions;
using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>What is written in two places because nothing can read the other one is the same in both.</summary>
public sealed partial class VersionTests
{
    [Fact]
    public void Chart_templates_and_build_have_one_version()
    {
        var chart = Yaml.Read(Text("helm/darq/Chart.yaml")).Single()!;
        var template = TemplateVersion().Match(Text("helm/darq/templates/_names.tpl")).Groups[1].Value;
        var build = BuildVersion().Match(Text("Directory.Build.props")).Groups[1].Value;

        Assert.Equal(((string?)chart["appVersion"], (string?)chart["appVersion"]), (template, build));
    }

    [Fact]
    public void The_handler_of_the_example_is_that_of_the_first_step() =>
        Assert.Equal(Text("examples/first-step/handler.mjs"), Text("helm/darq/files/handler.mjs"));

    [Fact]
    public async Task The_components_of_the_example_are_those_of_the_first_step()
    {
        // Where Redis is and what Kubernetes adds differ.
        string[] ofTheChart = ["redisHost", "namespace", "restartSidecar"];
        var rendering = await Rendering.WithAsync("example.enabled=true");
        foreach (var name in new[] { "bank", "ledger", "work" })
        {
            var first = Yaml.Read(Text($"examples/first-step/resources/{name}.yaml")).Single()!;
            var own = rendering.Single("Component", name);
            Assert.Equal((string?)first["spec"]!["type"], (string?)own["spec"]!["type"]);
            Assert.Equal(Settings(first["spec"]!), Settings(own["spec"]!));
        }

        IEnumerable<string> Settings(System.Text.Json.Nodes.JsonNode spec) =>
            spec["metadata"]!
                .AsArray()
                .Where(entry => !ofTheChart.Contains((string)entry!["name"]!))
                .Select(entry => $"{entry!["name"]}={entry["value"]}")
                .Order(StringComparer.Ordinal);
    }

    private static string Text(string path) => File.ReadAllText(Repository.PathOf(path));

    [GeneratedRegex(@"define ""darq\.version"" -\}\}\s*([0-9.]+)")]
    private static partial Regex TemplateVersion();

    [GeneratedRegex(@"<Version>([^<]+)</Version>")]
    private static partial Regex BuildVersion();
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>
/// Alerts, dashboard and scaling name only metrics and labels that the component has (docs/metrics.md, which a test compares with the
/// code).
/// </summary>
public sealed partial class MetricTests
{
    /// <summary>The labels that Prometheus adds to what it reads; it renames the metric's own namespace.</summary>
    private static readonly string[] OfPrometheus = ["namespace", "pod", "exported_namespace"];

    /// <summary>The words of the query language that are used.</summary>
    private static readonly string[] Words = ["sum", "min", "max", "by", "unless", "rate", "increase"];

    [Fact]
    public async Task Alerts_name_metrics_and_labels_of_the_component()
    {
        var rules = await RulesAsync();

        Assert.True(rules.Length >= 10);
        Assert.All(rules, rule => Assert.Empty(Faults((string)rule["expr"]!)));
    }

    [Fact]
    public async Task The_texts_of_alerts_use_labels_that_their_query_keeps()
    {
        foreach (var rule in await RulesAsync())
        {
            var kept = GroupedBy().Match((string)rule["expr"]!).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries);
            var used = UsedLabel().Matches((string)rule["annotations"]!["summary"]!).Select(match => match.Groups[1].Value);
            Assert.All(used, label => Assert.Contains(label, kept));
        }
    }

    [Fact]
    public async Task Each_alert_links_to_a_place_in_the_documents()
    {
        foreach (var rule in await RulesAsync())
        {
            var link = (string)rule["annotations"]!["runbook_url"]!;
            Assert.StartsWith("https://", link, StringComparison.Ordinal);
            Assert.Contains('#', link);
            Assert.True(Documents.Has("docs", link.Split('/')[^1]), link);
        }
    }

    [Fact]
    public async Task Alerts_have_names_of_their_own_and_a_severity()
    {
        var rules = await RulesAsync();

        Assert.Equal(rules.Length, rules.Select(rule => (string)rule["alert"]!).Distinct().Count());
        Assert.All(rules, rule => Assert.Contains((string)rule["labels"]!["severity"]!, new[] { "warning", "critical" }));
    }

    [Fact]
    public async Task The_dashboard_names_metrics_and_labels_of_the_component()
    {
        var rendering = await Rendering.OfAsync("production");
        var text = (string)rendering.Single("ConfigMap", "shop-darq-dashboard")["data"]!["darq.json"]!;
        var dashboard = JsonNode.Parse(text)!;
        var queries = dashboard["panels"]!
            .AsArray()
            .SelectMany(panel => panel!["targets"]?.AsArray() ?? [])
            .Select(target => (string)target!["expr"]!)
            .ToArray();

        Assert.True(queries.Length >= 18);
        Assert.All(queries, query => Assert.Empty(Faults(query)));
        // Of the variables, that of the data source asks for none.
        var variables = dashboard["templating"]!["list"]!
            .AsArray()
            .Select(variable => variable!["query"])
            .OfType<JsonObject>()
            .Select(query => (string)query["query"]!)
            .ToArray();
        Assert.Equal(3, variables.Length);
        Assert.All(variables, query => Assert.Contains(MetricName().Match(query).Value, KnownMetrics.Labels.Keys));
    }

    [Fact]
    public async Task The_dashboard_shows_every_metric()
    {
        var rendering = await Rendering.OfAsync("production");
        var text = (string)rendering.Single("ConfigMap", "shop-darq-dashboard")["data"]!["darq.json"]!;

        Assert.Empty(KnownMetrics.Labels.Keys.Except(MetricName().Matches(text).Select(match => match.Value)));
    }

    [Fact]
    public async Task Scaling_asks_for_a_metric_of_the_component()
    {
        var rendering = await Rendering.OfAsync("production");
        var trigger = rendering.Single("ScaledObject", "shop-darq-orders")["spec"]!["triggers"]![0]!;

        Assert.Empty(Faults((string)trigger["metadata"]!["query"]!));
    }

    [Theory]
    [InlineData("sum by (topic) (rate(darq_messages_sent_total[5m]))", "darq_messages_sent_total")]
    [InlineData("""sum by (partition) (darq_streams_open{namespace="a"})""", "partition")]
    [InlineData("""darq_losses_total{topic="a"}""", "topic")]
    public void A_name_that_the_component_does_not_have_is_found(string query, string name) => Assert.Contains(name, Faults(query));

    private static async Task<JsonObject[]> RulesAsync()
    {
        var rule = (await Rendering.OfAsync("production")).Single("PrometheusRule", "shop-darq");
        return [.. rule["spec"]!["groups"]![0]!["rules"]!.AsArray().OfType<JsonObject>()];
    }

    /// <summary>Words of a query that are neither a metric, nor a label of its metrics, nor of the query language.</summary>
    private static IEnumerable<string> Faults(string query)
    {
        var plain = Quoted().Replace(query, "");
        var metrics = MetricName().Matches(plain).Select(match => match.Value).Distinct().ToArray();
        var labels = metrics.SelectMany(metric => KnownMetrics.Labels.GetValueOrDefault(metric, [])).ToArray();
        return Word()
            .Matches(plain)
            .Select(match => match.Value)
            .Where(word =>
                !KnownMetrics.Labels.ContainsKey(word) && !labels.Contains(word) && !OfPrometheus.Contains(word) && !Words.Contains(word)
            );
    }

    [GeneratedRegex(@"\bdarq_\w+")]
    private static partial Regex MetricName();

    // Durations (15m) begin with a digit; variables of Grafana with a dollar.
    [GeneratedRegex(@"(?<![\w$])[a-z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"""[^""]*""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex GroupedBy();

    [GeneratedRegex(@"\$labels\.(\w+)")]
    private static partial Regex UsedLabel();
}

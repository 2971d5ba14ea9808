using Darq.Tests.Shared;

namespace Darq.Tests.Helm.Chart;

/// <summary>The metrics that docs/metrics.md lists, under the names that Prometheus has for them.</summary>
internal static class KnownMetrics
{
    /// <summary>The labels of each metric but <c>namespace</c>, which Prometheus renames.</summary>
    public static IReadOnlyDictionary<string, string[]> Labels { get; } = Documented();

    private static Dictionary<string, string[]> Documented()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "metrics.md"))
            .Where(line => line.StartsWith("| `darq.", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 7);
        return rows.ToDictionary(
            cells => cells[1].Trim('`').Replace('.', '_') + (cells[3] == "s" ? "_seconds" : "") + (cells[2] == "counter" ? "_total" : ""),
            cells => cells[4].Split(", ").Except(["namespace"]).ToArray()
        );
    }
}

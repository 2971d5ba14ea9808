using System.Globalization;

namespace Darq.Benchmarks.Papers;

/// <summary>Latency over flush time as a picture: what was measured and, dashed, what was predicted. Equal rows make equal texts.</summary>
internal sealed class FlushChart
{
    private const int Left = 60;
    private const int Right = 550;
    private const int Top = 40;
    private const int Bottom = 310;
    private const int Steps = 5;

    private const string Style = """
        text { font: 12px sans-serif; fill: #24292f }
        path { fill: none; stroke-width: 2 }
        .grid { stroke: #8b949e; stroke-width: .4 }
        .predicted { stroke-width: 1; stroke-dasharray: 5 4 }
        .strict { stroke: #bc4c00 }
        .applied { stroke: #0969da }
        @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 }
        .strict { stroke: #f0883e }
        .applied { stroke: #58a6ff }
        }
        """;

    private readonly IReadOnlyList<ChainRow> _rows;
    private readonly double _mostFlush;
    private readonly double _mostLatency;

    private FlushChart(IReadOnlyList<ChainRow> rows)
    {
        _rows = rows;
        _mostFlush = Math.Max(1, rows.Max(row => row.FlushMs));
        _mostLatency = Limit(rows.Max(row => Math.Max(row.StrictMs.Median, row.PredictedStrictMs)));
    }

    public static string Of(IReadOnlyList<ChainRow> rows) => new FlushChart(rows).Draw();

    private string Draw()
    {
        string[] parts =
        [
            """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" role="img">""",
            "<title>Latency of ten hops over the flush time</title>",
            $"<style>\n{Style}\n</style>",
            $"""<text x="{Left}" y="20">ms until the output of ten hops may be seen (dashed: predicted)</text>""",
            $"""<text x="{Right}" y="348" text-anchor="end">ms that a flush takes</text>""",
            .. Enumerable.Range(0, Steps + 1).Select(step => Ruler(_mostLatency * step / Steps)),
            .. _rows.Select(row => $"""<text x="{X(row)}" y="328" text-anchor="middle">{row.FlushMs}</text>"""),
            Line("strict predicted", row => row.PredictedStrictMs),
            Line("applied predicted", row => row.PredictedAppliedMs),
            .. Curve("strict", row => row.StrictMs.Median),
            .. Curve("applied", row => row.AppliedMs.Median),
            "</svg>",
        ];
        return string.Join('\n', parts) + "\n";
    }

    private string Ruler(double latency) =>
        $"""<path class="grid" d="M{Left} {Y(latency)}H{Right}"/>"""
        + $"""<text x="{Left - 8}" y="{Y(latency)}" text-anchor="end">{Number(latency)}</text>""";

    private string[] Curve(string name, Func<ChainRow, double> figure) =>
        [
            Line(name, figure),
            .. _rows.Select(row => $"""<circle class="{name}" cx="{X(row)}" cy="{Y(figure(row))}" r="3"/>"""),
            $"""<text x="{Right + 10}" y="{Y(figure(_rows[^1]))}">{name}</text>""",
        ];

    private string Line(string kind, Func<ChainRow, double> figure) =>
        $"""<path class="{kind}" d="M{string.Join('L', _rows.Select(row => $"{X(row)} {Y(figure(row))}"))}"/>""";

    private string X(ChainRow row) => Number(Left + (Right - Left) * row.FlushMs / _mostFlush);

    private string Y(double latency) => Number(Bottom - (Bottom - Top) * latency / _mostLatency);

    /// <summary>Where the axis ends: a number whose fifths are easy to read.</summary>
    private static double Limit(double most)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, most))));
        return new[] { 1, 2, 2.5, 5, 10 }.Select(step => step * power).First(limit => limit >= most);
    }

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace Darq.Benchmarks.Reports;

/// <summary>The rows as people read them; the same text is a table in Markdown.</summary>
internal static class Table
{
    private static readonly string[] Head =
    [
        "scenario",
        "ours/s",
        "reference/s",
        "ratio (min-max)",
        "p50 µs",
        "p99 µs",
        "ref p50",
        "p50 ratio",
        "Redis µs/op",
        "ref",
        "commands/op",
        "ops/call",
        "component µs/op",
        "ref",
        "CPU ratio",
        "client µs/op",
        "alloc B/op",
        "peak MB",
    ];

    public static string Of(IReadOnlyList<Row> rows)
    {
        string[][] lines = [Head, .. rows.Select(Cells)];
        var widths = Enumerable.Range(0, Head.Length).Select(column => lines.Max(line => line[column].Length)).ToArray();
        var text = lines
            .Select(line =>
                "| "
                + string.Join(
                    " | ",
                    line.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))
                )
                + " |"
            )
            .ToList();
        text.Insert(
            1,
            "|"
                + string.Join(
                    "|",
                    widths.Select((width, column) => column == 0 ? new string('-', width + 2) : new string('-', width + 1) + ":")
                )
                + "|"
        );
        var chains = rows.Where(row => row.Chains is not null).Select(row => $"- {row.Scenario}, whole chains: {row.Chains}").ToArray();
        return string.Join('\n', text) + (chains is [] ? "" : "\n\n" + string.Join('\n', chains));
    }

    private static string[] Cells(Row row) =>
        [
            row.Scenario,
            Whole(row.OpsPerSecond),
            Whole(row.ReferenceOpsPerSecond),
            string.Create(CultureInfo.InvariantCulture, $"{row.Ratio:0.00} ({row.RatioMin:0.00}-{row.RatioMax:0.00})"),
            Whole(row.P50),
            Whole(row.P99),
            Whole(row.ReferenceP50),
            row.P50Ratio.ToString("0.00", CultureInfo.InvariantCulture),
            Tenths(row.RedisUsPerOp),
            Tenths(row.ReferenceRedisUsPerOp),
            Tenths(row.CommandsPerOp),
            Tenths(row.OpsPerFunctionCall),
            Tenths(row.ComponentCpuUsPerOp),
            row.ReferenceComponentCpuUsPerOp is { } reference ? Tenths(reference) : "-",
            row.CpuRatio?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-",
            Tenths(row.ClientCpuUsPerOp),
            Whole(row.AllocatedBytesPerOp),
            Whole(row.PeakRssMb),
        ];

    private static string Whole(double figure) => figure.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Tenths(double figure) => figure.ToString("0.0", CultureInfo.InvariantCulture);
}

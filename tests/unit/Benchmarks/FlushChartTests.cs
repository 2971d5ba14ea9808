using System.Globalization;
using System.Xml.Linq;
using Darq.Benchmarks.Papers;
using Xunit;

namespace Darq.Tests.Unit.Benchmarks;

public sealed class FlushChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private static readonly ChainRow[] Rows = [Of(0, 12, 8), Of(5, 130, 20), Of(10, 230, 28)];

    [Fact]
    public void The_same_rows_make_the_same_picture_in_any_language()
    {
        var picture = FlushChart.Of(Rows);

        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        other.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = other;
        Assert.Equal(picture, FlushChart.Of(Rows));
    }

    [Fact]
    public void Every_figure_is_a_dot_within_the_axes_and_a_higher_one_lies_higher()
    {
        var dots = XDocument.Parse(FlushChart.Of(Rows)).Root!.Elements(Svg + "circle").ToLookup(dot => dot.Attribute("class")!.Value);

        Assert.Equal(["strict", "applied"], dots.Select(line => line.Key));
        Assert.All(
            dots,
            line =>
            {
                Assert.Equal(Rows.Length, line.Count());
                Assert.All(line, dot => Assert.InRange(Number(dot, "cy"), 40, 310));
                Assert.All(line, dot => Assert.InRange(Number(dot, "cx"), 60, 550));
                Assert.Equal(line.Select(dot => Number(dot, "cy")).OrderDescending(), line.Select(dot => Number(dot, "cy")));
            }
        );
        Assert.All(dots["strict"].Zip(dots["applied"]), pair => Assert.True(Number(pair.First, "cy") < Number(pair.Second, "cy")));
    }

    [Fact]
    public void A_single_flush_time_is_a_picture_too() =>
        Assert.DoesNotContain("NaN", FlushChart.Of([Of(0, 12, 8)]), StringComparison.Ordinal);

    private static double Number(XElement element, string name) =>
        double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static ChainRow Of(int flush, double strict, double applied) =>
        ChainRow.Of(
            Level.ReplicaFsync,
            flush,
            [new(strict, applied, StrictRounds: 10, AppliedRounds: 1, HopMs: 0.7, SpeculativeMs: 0.4, DurableMs: 0.6)],
            new(HopMs: 0.7, WriteMs: 0, RoundMs: flush * 2)
        );
}

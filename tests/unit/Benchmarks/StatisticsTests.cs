using Darq.Benchmarks.Measuring;
using Xunit;

namespace Darq.Tests.Unit.Benchmarks;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3.0)]
    [InlineData(new[] { 9.0, 1.0, 2.0 }, 2.0)]
    [InlineData(new[] { 4.0, 1.0, 3.0, 2.0 }, 2.5)]
    public void The_median_is_the_middle_of_the_ordered_values(double[] values, double median) =>
        Assert.Equal(median, Statistics.Median(values));

    [Fact]
    public void There_is_no_median_of_nothing() => Assert.Throws<ArgumentException>(() => Statistics.Median([]));

    [Fact]
    public void A_row_is_the_median_of_the_pairs_ratios_and_not_the_ratio_of_the_sums()
    {
        // The machine was ten times slower during the last pair, for both sides.
        Pair[] pairs = [new(Of(100), Of(200)), new(Of(100), Of(200)), new(Of(10), Of(40))];

        var ratios = Statistics.Ratios(pairs, round => round.PerSecond);

        Assert.Equal([0.5, 0.5, 0.25], ratios);
        Assert.Equal(0.5, Statistics.Median(ratios));
    }

    [Theory]
    [InlineData(0.5, 500)]
    [InlineData(0.99, 990)]
    [InlineData(1.0, 1000)]
    public void A_percentile_is_found_within_the_width_of_a_bucket(double share, double microseconds)
    {
        var histogram = new Histogram();
        for (var i = 1; i <= 1000; i++)
        {
            histogram.Record(i * 1000);
        }

        Assert.InRange(histogram.Percentile(share), microseconds * 0.984, microseconds * 1.016);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(30_000_000_000)]
    public void Every_duration_comes_back_as_it_was_recorded_but_for_the_width_of_a_bucket(long nanoseconds)
    {
        var histogram = new Histogram();
        histogram.Record(nanoseconds);

        Assert.InRange(histogram.Percentile(0.5) * 1000, nanoseconds * 0.984, nanoseconds * 1.016);
    }

    [Fact]
    public void Histograms_add_up()
    {
        Histogram one = new(),
            other = new();
        one.Record(1000);
        other.Record(9000);
        other.Record(9000);

        one.Add(other);

        Assert.Equal(3, one.Count);
        Assert.InRange(one.Percentile(0.5), 8.8, 9.2);
    }

    private static Round Of(long operations) => new(operations, 1, new Histogram());
}

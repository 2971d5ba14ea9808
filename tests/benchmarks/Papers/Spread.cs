using System.Globalization;
using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Papers;

/// <summary>What pairs of rounds have in common, and how far they are apart.</summary>
internal sealed record Spread(double Median, double Min, double Max)
{
    public static Spread Of(IReadOnlyList<double> values) => new(Statistics.Median(values), values.Min(), values.Max());

    /// <summary>All three; the format is that of a number.</summary>
    public string ToString(string format)
    {
        return $"{Text(Median)} ({Text(Min)} to {Text(Max)})";

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}

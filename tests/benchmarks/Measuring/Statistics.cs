namespace Darq.Benchmarks.Measuring;

/// <summary>
/// How a row is made of pairs. Each pair was measured one right after the other, so what disturbed the machine disturbed both.
/// </summary>
internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
        {
            throw new ArgumentException("There is no median of nothing.", nameof(values));
        }

        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Ours divided by the reference, for each pair.</summary>
    public static double[] Ratios(IReadOnlyList<Pair> pairs, Func<Round, double> figure) =>
        [.. pairs.Select(pair => figure(pair.Ours) / figure(pair.Reference))];
}

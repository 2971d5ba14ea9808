using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Reports;

/// <summary>All rounds of one side, put together.</summary>
internal sealed class Total
{
    private readonly IReadOnlyList<Round> _rounds;
    private readonly Histogram _latency = new();
    private readonly long _operations;

    public Total(IReadOnlyList<Round> rounds)
    {
        _rounds = rounds;
        foreach (var round in rounds)
        {
            _latency.Add(round.Latency);
        }

        _operations = rounds.Sum(round => round.Operations);
    }

    public double PerSecond => _operations / _rounds.Sum(round => round.Seconds);

    public double Percentile(double share) => _latency.Percentile(share);

    public double PerOperation(Func<Cost, double> figure) => _rounds.Sum(round => figure(round.Cost)) / Math.Max(1, _operations);
}

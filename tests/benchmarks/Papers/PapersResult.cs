using Darq.Benchmarks.Reports;

namespace Darq.Benchmarks.Papers;

/// <summary>All that a run found.</summary>
internal sealed record PapersResult
{
    public required IReadOnlyList<ChainRow> Chains { get; init; }

    public required IReadOnlyList<ManyRow> Many { get; init; }

    public required RecoveryRow Recovery { get; init; }

    public required int Pairs { get; init; }

    public required MachineState Environment { get; init; }
}

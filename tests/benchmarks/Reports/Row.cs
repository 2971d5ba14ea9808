using System.Text.Json.Serialization;
using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Reports;

/// <summary>What is said of one scenario. Figures of ours are those of all rounds together; ratios are those of the pairs.</summary>
internal sealed record Row
{
    public required string Scenario { get; init; }

    public required string Unit { get; init; }

    public required double OpsPerSecond { get; init; }

    [JsonPropertyName("p50_us")]
    public required double P50 { get; init; }

    [JsonPropertyName("p99_us")]
    public required double P99 { get; init; }

    public required double PeakRssMb { get; init; }

    public required string Reference { get; init; }

    public required double ReferenceOpsPerSecond { get; init; }

    [JsonPropertyName("reference_p50_us")]
    public required double ReferenceP50 { get; init; }

    public required double Ratio { get; init; }

    public required double RatioMin { get; init; }

    public required double RatioMax { get; init; }

    [JsonPropertyName("p50_ratio")]
    public required double P50Ratio { get; init; }

    public required int Pairs { get; init; }

    /// <summary>Processor time of the Redis process.</summary>
    public required double RedisUsPerOp { get; init; }

    public required double ReferenceRedisUsPerOp { get; init; }

    /// <summary>Time that Redis spent inside functions of the library.</summary>
    public required double FunctionUsPerOp { get; init; }

    /// <summary>Commands that Redis executed, those inside functions included.</summary>
    public required double CommandsPerOp { get; init; }

    /// <summary>Operations per call of a function: what the batch queue reached.</summary>
    public required double OpsPerFunctionCall { get; init; }

    public required double ComponentCpuUsPerOp { get; init; }

    /// <summary>Processor time of the process that the reference has where we have a component; null where it has none.</summary>
    public required double? ReferenceComponentCpuUsPerOp { get; init; }

    /// <summary>Ours divided by that, over all rounds together: a single round is short beside the kernel's clock tick.</summary>
    public required double? CpuRatio { get; init; }

    /// <summary>Processor time of the load generator, which shares the machine with what it measures.</summary>
    public required double ClientCpuUsPerOp { get; init; }

    public required double AllocatedBytesPerOp { get; init; }

    /// <summary>Null where the operation is no hop of a chain.</summary>
    public required Chains? Chains { get; init; }

    public required MachineState Environment { get; init; }

    public static Row Of(
        string scenario,
        string unit,
        string reference,
        IReadOnlyList<Pair> pairs,
        double peakMegabytes,
        MachineState environment
    )
    {
        Total ours = new([.. pairs.Select(pair => pair.Ours)]),
            plain = new([.. pairs.Select(pair => pair.Reference)]);
        var component = ours.PerOperation(cost => cost.ComponentSeconds * 1e6);
        var referenceComponent = plain.PerOperation(cost => cost.ReferenceSeconds * 1e6);
        var ratios = Statistics.Ratios(pairs, round => round.PerSecond);
        return new()
        {
            Scenario = scenario,
            Unit = unit,
            OpsPerSecond = ours.PerSecond,
            P50 = ours.Percentile(0.5),
            P99 = ours.Percentile(0.99),
            PeakRssMb = peakMegabytes,
            Reference = reference,
            ReferenceOpsPerSecond = plain.PerSecond,
            ReferenceP50 = plain.Percentile(0.5),
            Ratio = Statistics.Median(ratios),
            RatioMin = ratios.Min(),
            RatioMax = ratios.Max(),
            P50Ratio = Statistics.Median(Statistics.Ratios(pairs, round => round.Latency.Percentile(0.5))),
            Pairs = pairs.Count,
            RedisUsPerOp = ours.PerOperation(cost => cost.RedisSeconds * 1e6),
            ReferenceRedisUsPerOp = plain.PerOperation(cost => cost.RedisSeconds * 1e6),
            FunctionUsPerOp = ours.PerOperation(cost => cost.FunctionSeconds * 1e6),
            CommandsPerOp = ours.PerOperation(cost => cost.Commands),
            OpsPerFunctionCall = 1 / ours.PerOperation(cost => Math.Max(1, cost.FunctionCalls)),
            ComponentCpuUsPerOp = component,
            ReferenceComponentCpuUsPerOp = referenceComponent > 0 ? referenceComponent : null,
            CpuRatio = referenceComponent > 0 ? component / referenceComponent : null,
            ClientCpuUsPerOp = ours.PerOperation(cost => cost.ClientSeconds * 1e6),
            AllocatedBytesPerOp = ours.PerOperation(cost => cost.ComponentAllocatedBytes),
            Chains = Chains.Of(pairs),
            Environment = environment,
        };
    }
}

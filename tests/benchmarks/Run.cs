using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reports;
using Darq.Benchmarks.Scenarios;

namespace Darq.Benchmarks;

/// <summary>Takes one scenario from its stage to its row.</summary>
internal sealed class Run(Options options, Progress progress)
{
    public async Task<Row> MeasureAsync(string name, Func<Stage, Scenario> create)
    {
        await using var stage = await Stage.StartAsync();
        var environment = MachineState.Read((await stage.Plain.ReadAsync()).Version, options.Quick);
        await using var scenario = create(stage);
        await scenario.PrepareAsync();
        await PairAsync(stage, scenario, options.WarmUp);
        var pairs = new List<Pair>();
        while (pairs.Count < options.Pairs)
        {
            var pair = await PairAsync(stage, scenario, options.Round);
            if (pair.Ours.Operations == 0 || pair.Reference.Operations == 0) throw new LoadFailedException("nothing was done in a whole round");
            pairs.Add(pair);
        }

        return Row.Of(name, scenario.Unit, scenario.Reference, pairs, stage.ComponentPeakMegabytes, environment);
    }

    private async Task<Pair> PairAsync(Stage stage, Scenario scenario, TimeSpan duration)
    {
        await scenario.BeforeOursAsync(duration);
        var ours = await MeasureAsync(stage, () => scenario.OursAsync(duration));
        await scenario.BeforeReferenceAsync(duration, ours);
        var reference = await MeasureAsync(stage, () => scenario.ReferenceAsync(duration));
        await scenario.AfterPairAsync();
        return new(ours, reference);
    }

    private async Task<Round> MeasureAsync(Stage stage, Func<Task<Round>> load)
    {
        // The garbage of one round is not collected in the next.
        GC.Collect();
        var before = await stage.ReadCostAsync();
        var round = await load();
        progress.RoundEnded();
        return round with { Cost = await stage.ReadCostAsync() - before };
    }
}

using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reports;
using Darq.Benchmarks.Scenarios;

namespace Darq.Benchmarks;

/// <summary>Takes one scenario from its stage to its row.</summary>
internal sealed class Run(Options options, Progress progress)
{
    // Methods in a second; a few are always compiled for timers and the like.
    private const int StillCompiling = 30;

    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);

    public async Task<Row> MeasureAsync(string name, Func<Stage, Scenario> create)
    {
        await using var stage = await Stage.StartAsync();
        var environment = MachineState.Read((await stage.Plain.ReadAsync()).Version, options.Quick);
        await using var scenario = create(stage);
        await scenario.PrepareAsync();
        await WarmUpAsync(stage, scenario);
        var pairs = new List<Pair>();
        while (pairs.Count < options.Pairs)
        {
            var pair = await PairAsync(stage, scenario, options.Round);
            if (pair.Ours.Operations == 0 || pair.Reference.Operations == 0)
            {
                throw new LoadFailedException("nothing was done in a whole round");
            }

            pairs.Add(pair);
        }

        return Row.Of(name, scenario.Unit, scenario.Reference, pairs, stage.ComponentPeakMegabytes, environment);
    }

    /// <summary>
    /// Both sides for the same time; then ours goes on until its runtime has compiled what it runs, which on a busy machine takes
    /// far longer than on an idle one and would else be measured as if it were the component's work.
    /// </summary>
    private async Task WarmUpAsync(Stage stage, Scenario scenario)
    {
        await PairAsync(stage, scenario, options.WarmUp);
        for (var probes = 0; scenario.WarmsUp && probes < options.MostProbes; probes++)
        {
            await scenario.BeforeOursAsync(Probe);
            var probe = await MeasureAsync(stage, scenario, () => scenario.OursAsync(Probe));
            if (probe.Cost.ComponentCompiledMethods < StillCompiling)
            {
                return;
            }
        }
    }

    private async Task<Pair> PairAsync(Stage stage, Scenario scenario, TimeSpan duration)
    {
        await scenario.BeforeOursAsync(duration);
        var ours = await MeasureAsync(stage, scenario, () => scenario.OursAsync(duration));
        progress.RoundEnded();
        await scenario.BeforeReferenceAsync(duration, ours);
        var reference = await MeasureAsync(stage, scenario, () => scenario.ReferenceAsync(duration));
        progress.RoundEnded();
        await scenario.AfterPairAsync();
        return new(ours, reference);
    }

    private static async Task<Round> MeasureAsync(Stage stage, Scenario scenario, Func<Task<Round>> load)
    {
        // The garbage of one round is not collected in the next.
        GC.Collect();
        var before = await stage.ReadCostAsync(scenario.ReferenceProcess);
        var round = await load();
        return round with { Cost = await stage.ReadCostAsync(scenario.ReferenceProcess) - before };
    }
}

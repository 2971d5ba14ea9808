using System.Diagnostics;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Reports;

namespace Darq.Benchmarks.Papers;

/// <summary>
/// Measures strict against applied, in pairs of rounds of which one comes right after the other; which comes first alternates.
/// </summary>
internal sealed class SpeculationRun(PapersOptions options, Progress progress)
{
    private readonly List<ChainRow> _chains = [];
    private readonly List<ManyRow> _many = [];

    public async Task<PapersResult> MeasureAsync()
    {
        var environment = await LevelAsync(Level.ReplicaFsync, options.FlushesMs);
        await LevelAsync(Level.Fsync, options.FlushesMs);
        await LevelAsync(Level.Reply, [0]);
        return new()
        {
            Chains = _chains,
            Many = _many,
            Recovery = await RecoveryAsync(),
            Pairs = options.Pairs,
            Environment = environment,
        };
    }

    /// <summary>One level on its own servers; every pair goes through all flush times.</summary>
    private async Task<MachineState> LevelAsync(Level level, IReadOnlyList<int> flushesMs)
    {
        progress.Begin($"chains, {level.Durability}");
        await using var servers = await Servers.StartAsync(level);
        var environment = MachineState.Read(await servers.VersionAsync(), options.Quick) with { RedisSettings = Settings };
        await using var pod = await SpeculationPod.StartAsync(servers.Primary.Host, level.Durability);
        foreach (var line in (string[])[SpeculationPod.Strict, SpeculationPod.Applied])
        {
            await pod.RunManyAsync(line, options.WarmUp);
            await pod.RunAloneAsync(line, options.Chains);
        }

        var pairs = flushesMs.ToDictionary(flush => flush, _ => new List<ChainPair>());
        var many = new List<(double Strict, double Applied)>();
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            foreach (var flush in flushesMs)
            {
                await servers.SetFlushAsync(TimeSpan.FromMilliseconds(flush));
                pairs[flush].Add(await PairAsync(servers, pod, pair));
                progress.RoundEnded();
            }

            await servers.SetFlushAsync(TimeSpan.Zero);
            many.Add(await BothAsync(pair, line => pod.RunManyAsync(line, options.Many)));
            progress.RoundEnded();
        }

        var still = pairs[0];
        _chains.AddRange(pairs.Select(flush => ChainRow.Of(level, flush.Key, flush.Value, Prediction.Of(still, flush.Value))));
        _many.Add(ManyRow.Of(level, many));
        return environment;
    }

    private async Task<ChainPair> PairAsync(Servers servers, SpeculationPod pod, int pair)
    {
        var (strict, applied) = await BothAsync(pair, line => AloneAsync(servers, pod, line));
        var publishes = new List<(double Speculative, double Durable)>();
        while (publishes.Count < options.Chains)
        {
            await pod.BarrierAsync();
            var speculative = await TimeAsync(() => pod.PublishAsync(SpeculationPod.Strict, "speculative"));
            await pod.BarrierAsync();
            publishes.Add((speculative, await TimeAsync(() => pod.PublishAsync(SpeculationPod.Strict, "durable"))));
        }

        return new(
            Statistics.Median(strict.Chains.Select(chain => chain.Total.TotalMilliseconds)),
            Statistics.Median(applied.Chains.Select(chain => chain.Total.TotalMilliseconds)),
            strict.Rounds,
            applied.Rounds,
            Statistics.Median(applied.Chains.Select(chain => chain.Hop.TotalMilliseconds)),
            Statistics.Median(publishes.Select(publish => publish.Speculative)),
            Statistics.Median(publishes.Select(publish => publish.Durable))
        );
    }

    /// <summary>Chains one after the other, and how many rounds each of them took, without the one of the barrier before it.</summary>
    private async Task<(IReadOnlyList<TimedChain> Chains, double Rounds)> AloneAsync(Servers servers, SpeculationPod pod, string line)
    {
        var before = await servers.RoundsAsync();
        var chains = await pod.RunAloneAsync(line, options.Chains);
        var rounds = (double)(await servers.RoundsAsync() - before) / chains.Count;
        return (chains, Math.Max(0, rounds - 1));
    }

    private async Task<RecoveryRow> RecoveryAsync()
    {
        progress.Begin("recovery");
        var trials = new List<(RecoveryTrial Strict, RecoveryTrial Applied)>();
        while (trials.Count < options.Pairs)
        {
            trials.Add(await BothAsync(trials.Count, line => RecoveryScenario.RunAsync(line, options.WarmUp)));
            progress.RoundEnded();
        }

        return RecoveryRow.Of(trials);
    }

    private const string Settings = "appendonly yes; the one whose flush counts appendfsync always";

    private static async Task<(T Strict, T Applied)> BothAsync<T>(int pair, Func<string, Task<T>> run)
    {
        if (pair % 2 == 0)
        {
            return (await run(SpeculationPod.Strict), await run(SpeculationPod.Applied));
        }

        var applied = await run(SpeculationPod.Applied);
        return (await run(SpeculationPod.Strict), applied);
    }

    private static async Task<double> TimeAsync(Func<Task> operation)
    {
        var began = Stopwatch.GetTimestamp();
        await operation();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}

using System.Diagnostics;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Hops;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Papers;

/// <summary>
/// A failover that loses what was applied and not durable. Some chains have had their first delivery when the replica is cut off; they go
/// on as far as they can; then the primary is killed, and the replica that lacks all of that answers at its address. It has a replica of
/// its own, so that writes become durable there. Nothing but the component has to find out or to recover in the time that is measured.
/// </summary>
internal static class RecoveryScenario
{
    private const int Chains = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<RecoveryTrial> RunAsync(string line, int warmUp)
    {
        await using var servers = await Servers.StartAsync(Level.ReplicaFsync with { Replicas = 2 });
        await using var relay = new TcpRelay(servers.Primary.Port);
        await using var pod = await SpeculationPod.StartAsync(relay.Host, Level.ReplicaFsync.Durability);
        await pod.RunManyAsync(line, warmUp);

        var letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RedoneChain[] chains = [.. Enumerable.Range(0, Chains).Select(_ => new RedoneChain(SpeculationPod.Hops, letGo.Task))];
        var numbers = await Task.WhenAll(chains.Select(chain => pod.BeginAsync(line, chain)));
        await Task.WhenAll(chains.Select(chain => chain.Waits)).WaitAsync(Patience);
        await pod.BarrierAsync();

        await servers.CutOffAsync();
        letGo.SetResult();
        await WentOnAsync(servers.Primary, line, numbers);

        var killed = Stopwatch.GetTimestamp();
        await servers.Primary.KillAsync();
        relay.SwitchTo(servers.Replica.Port);
        var outputs = await OutputsAsync(chains);

        // Whatever else was to come has come when others have passed.
        await pod.RunManyAsync(line, warmUp);
        Array.ForEach(chains, chain => chain.Check());
        return new(Milliseconds(outputs.Min()), Milliseconds(outputs.Max()));

        double Milliseconds(long at) => Stopwatch.GetElapsedTime(killed, at).TotalMilliseconds;
    }

    /// <summary>Strict, a chain waits before its second delivery; applied, before its output.</summary>
    private static async Task WentOnAsync(RedisServer primary, string line, IEnumerable<long> chains)
    {
        var last = line == SpeculationPod.Strict ? 0 : SpeculationPod.Hops - 2;
        foreach (var chain in chains)
        {
            await Eventually.TrueAsync(() => IsAppliedAsync(primary, chain, last), Patience, $"hop {last} of a chain is applied");
        }
    }

    /// <summary>A chain has no key before its first hop.</summary>
    private static async Task<bool> IsAppliedAsync(RedisServer primary, long chain, int hop)
    {
        var key = await primary.CliAsync("KEYS", $"*||{ChainApp.KeyOf(chain)}");
        return key.Length > 0 && (await primary.CliAsync("GET", key)).Contains($"\"hop\":{hop}}}", StringComparison.Ordinal);
    }

    private static async Task<long[]> OutputsAsync(IEnumerable<RedoneChain> chains)
    {
        try
        {
            return await Task.WhenAll(chains.Select(chain => chain.Output)).WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new LoadFailedException("after the failover chains stood still");
        }
    }
}

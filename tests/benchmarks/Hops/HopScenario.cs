using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Sidecars;

namespace Darq.Benchmarks.Hops;

/// <summary>Chains of steps through a sidecar: each answer of the binding is the cause of the next delivery.</summary>
internal sealed class HopScenario(Stage stage, int chains, int steps) : SidecarScenario<ChainPod>(stage)
{
    public override string Unit => "hop";

    protected override Task<ChainPod> StartPodAsync(string socketsFolder) => ChainPod.StartAsync(socketsFolder, Stage.RedisHost, steps);

    protected override Task<Round> RunAsync(ChainPod pod, TimeSpan duration) => pod.RunAsync(chains, duration);
}

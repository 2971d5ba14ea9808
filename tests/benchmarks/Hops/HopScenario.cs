using Darq.Benchmarks.Floor;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Scenarios;

namespace Darq.Benchmarks.Hops;

/// <summary>
/// Chains of steps through a sidecar: each answer of the binding is the cause of the next delivery. The reference is the same chain with
/// the same sidecar and app, and the floor component; so the row says what we add to what a sidecar costs anyway.
/// </summary>
internal sealed class HopScenario(Stage stage, int chains) : Scenario(stage)
{
    private FloorProcess? _floor;
    private ChainPod? _ours;
    private ChainPod? _reference;

    public override string Unit => "hop";

    public override string Reference => "the same chain with the floor component";

    public override int? ReferenceProcess => _floor!.Id;

    public override async Task PrepareAsync()
    {
        _ours = await ChainPod.StartAsync(Stage.SocketsFolder, Stage.RedisHost);
        _floor = await FloorProcess.StartAsync();
        _reference = await ChainPod.StartAsync(_floor.SocketsFolder, Stage.RedisHost);
    }

    public override Task<Round> OursAsync(TimeSpan duration) => _ours!.RunAsync(chains, duration);

    public override Task<Round> ReferenceAsync(TimeSpan duration) => _reference!.RunAsync(chains, duration);

    public override async ValueTask DisposeAsync()
    {
        foreach (var ended in (IAsyncDisposable?[])[_ours, _reference, _floor])
        {
            if (ended is not null)
            {
                await ended.DisposeAsync();
            }
        }

        await base.DisposeAsync();
    }
}

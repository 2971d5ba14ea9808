using Darq.Benchmarks.Floor;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Scenarios;

namespace Darq.Benchmarks.Sidecars;

/// <summary>
/// A row through a sidecar, as an app sees it. The reference is the same load, sidecar and app with the floor component; so the row says
/// what we add to what a sidecar costs anyway.
/// </summary>
internal abstract class SidecarScenario<TPod>(Stage stage) : Scenario(stage)
    where TPod : class, IAsyncDisposable
{
    private FloorProcess? _floor;
    private TPod? _ours;
    private TPod? _reference;

    public override string Reference => "the same with the floor component";

    public override int? ReferenceProcess => _floor!.Id;

    public override async Task PrepareAsync()
    {
        _ours = await StartPodAsync(Stage.SocketsFolder);
        _floor = await FloorProcess.StartAsync();
        _reference = await StartPodAsync(_floor.SocketsFolder);
    }

    public override Task BeforeOursAsync(TimeSpan duration) => BeforeAsync(_ours!, duration);

    public override Task BeforeReferenceAsync(TimeSpan duration, Round ours) => BeforeAsync(_reference!, duration);

    public override Task<Round> OursAsync(TimeSpan duration) => RunAsync(_ours!, duration);

    public override Task<Round> ReferenceAsync(TimeSpan duration) => RunAsync(_reference!, duration);

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

    /// <summary>Starts one side, and does with it what has to be done once.</summary>
    protected abstract Task<TPod> StartPodAsync(string socketsFolder);

    /// <summary>Makes what the next load of one side needs.</summary>
    protected virtual Task BeforeAsync(TPod pod, TimeSpan duration) => Task.CompletedTask;

    protected abstract Task<Round> RunAsync(TPod pod, TimeSpan duration);
}

using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Scenarios;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Hops;

/// <summary>
/// Chains of steps through a sidecar: each answer of the binding is the cause of the next delivery. The reference is the same chain with
/// the same sidecar and app, and a component that keeps nothing; so the row says what we add to what a sidecar costs anyway.
/// </summary>
internal sealed class HopScenario(Stage stage, int chains) : Scenario(stage)
{
    /// <summary>The runtime's settings of Darq.Component.csproj: the row compares two components, not two runtimes.</summary>
    private static readonly IReadOnlyDictionary<string, string?> Runtime = new Dictionary<string, string?>
    {
        ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0",
        ["DOTNET_HillClimbing_Disable"] = "1",
    };

    private TempFolder? _folder;
    private ChildProcess? _component;
    private ChainPod? _ours;
    private ChainPod? _reference;

    public override string Unit => "hop";

    public override string Reference => "the same chain with a component that keeps nothing";

    public override async Task PrepareAsync()
    {
        _ours = await ChainPod.StartAsync(Stage.SocketsFolder, Stage.RedisHost);
        _folder = new TempFolder();
        var socket = _folder.PathOf("darq.sock");
        _component = await ChildProcess.StartAsync(
            Path.ChangeExtension(typeof(HopScenario).Assembly.Location, null),
            [ReferenceComponent.Argument, socket],
            Runtime
        );
        await _component.ReadyAsync(
            () => Task.FromResult(File.Exists(socket)),
            TimeSpan.FromSeconds(20),
            "the reference component listens"
        );
        _reference = await ChainPod.StartAsync(_folder.FullPath, Stage.RedisHost);
    }

    public override Task<Round> OursAsync(TimeSpan duration) => _ours!.RunAsync(chains, duration);

    public override Task<Round> ReferenceAsync(TimeSpan duration) => _reference!.RunAsync(chains, duration);

    public override async ValueTask DisposeAsync()
    {
        foreach (var ended in (IAsyncDisposable?[])[_ours, _reference, _component])
        {
            if (ended is not null)
            {
                await ended.DisposeAsync();
            }
        }

        _folder?.Dispose();
        await base.DisposeAsync();
    }
}

using Darq.Benchmarks.Client;
using Darq.Benchmarks.Floor;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Protos;

namespace Darq.Benchmarks.Scenarios;

/// <summary>
/// Two hundred messages a second, each published, delivered and answered: far below what either component can do. So the row is about how
/// long a message takes on a quiet machine, and about the processor time that the wake-ups of each message cost.
/// </summary>
internal sealed class PacedScenario(Stage stage) : Scenario(stage)
{
    private const string Topic = "paced";
    private const int PerSecond = 200;

    // At the row's own pace a runtime would take minutes to see what is worth compiling well.
    private const int WarmUpPerSecond = 20 * PerSecond;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    private FloorProcess? _floor;
    private LoadConnection? _floorConnection;
    private PacedLoad? _ours;
    private PacedLoad? _reference;

    public override string Unit => "message";

    public override string Reference => "the same with the floor component";

    public override int? ReferenceProcess => _floor!.Id;

    public override async Task PrepareAsync()
    {
        Stage.Initialise();
        _ours = new PacedLoad(Stage.Connection, Stage.PubSub, Topic, PayloadBytes);
        _floor = await FloorProcess.StartAsync();
        _floorConnection = new LoadConnection(_floor.Socket);
        _floorConnection.Ask(new("PubSub", "Init", Stage.PubSub), new PubSubInitRequest());
        _reference = new PacedLoad(_floorConnection, Stage.PubSub, Topic, PayloadBytes);
        foreach (var load in (PacedLoad[])[_ours, _reference])
        {
            await OnItsOwnThreadAsync(() => load.Run(WarmUp, WarmUpPerSecond));
        }
    }

    public override Task<Round> OursAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _ours!.Run(duration, PerSecond));

    public override Task<Round> ReferenceAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _reference!.Run(duration, PerSecond));

    public override async ValueTask DisposeAsync()
    {
        _floorConnection?.Dispose();
        if (_floor is not null)
        {
            await _floor.DisposeAsync();
        }

        await base.DisposeAsync();
    }
}

using Darq.Benchmarks.Client;
using Darq.Benchmarks.Floor;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Scenarios;
using Darq.Protos;

namespace Darq.Benchmarks.Workflows;

/// <summary>
/// All store calls of a workflow, one after another, and the same with the floor component. Warm, or cold: then each round is the first
/// workflow after the component's start.
/// </summary>
internal sealed class WholeWorkflowScenario(Stage stage, bool cold) : Scenario(stage)
{
    private readonly WorkflowRecording _recording = new(whole: true);
    private FloorProcess? _floor;
    private LoadConnection? _floorConnection;
    private ComponentWorkflowLoad? _ours;
    private ComponentWorkflowLoad? _reference;

    public override string Unit => "workflow";

    public override string Reference => "the same with the floor component";

    public override int? ReferenceProcess => _floor!.Id;

    public override bool WarmsUp => !cold;

    public override Task PrepareAsync()
    {
        InitialiseOurs();
        return StartReferenceAsync();
    }

    public override async Task BeforeOursAsync(TimeSpan duration)
    {
        if (cold)
        {
            await Stage.RestartComponentAsync();
            InitialiseOurs();
        }
    }

    public override async Task BeforeReferenceAsync(TimeSpan duration, Round ours)
    {
        if (cold)
        {
            await StopReferenceAsync();
            await StartReferenceAsync();
        }
    }

    public override Task<Round> OursAsync(TimeSpan duration) => PlayAsync(_ours!, duration);

    public override Task<Round> ReferenceAsync(TimeSpan duration) => PlayAsync(_reference!, duration);

    public override async ValueTask DisposeAsync()
    {
        await StopReferenceAsync();
        await base.DisposeAsync();
    }

    private Task<Round> PlayAsync(ComponentWorkflowLoad load, TimeSpan duration) =>
        OnItsOwnThreadAsync(() => load.Run(cold ? TimeSpan.Zero : duration));

    private void InitialiseOurs()
    {
        Stage.Initialise();
        _ours = new ComponentWorkflowLoad(_recording, Stage.Connection, Stage.State);
    }

    private async Task StartReferenceAsync()
    {
        _floor = await FloorProcess.StartAsync();
        _floorConnection = new LoadConnection(_floor.Socket);
        _floorConnection.Ask(new("StateStore", "Init", Stage.State), new InitRequest());
        _reference = new ComponentWorkflowLoad(_recording, _floorConnection, Stage.State);
    }

    private async Task StopReferenceAsync()
    {
        _floorConnection?.Dispose();
        if (_floor is not null)
        {
            await _floor.DisposeAsync();
        }
    }
}

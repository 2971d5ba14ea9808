using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;
using Darq.Benchmarks.Scenarios;

namespace Darq.Benchmarks.Workflows;

/// <summary>
/// The state store as a workflow engine uses it: one call after another, with pauses, each transaction of 2 to 22 operations.
/// Nothing can be batched, so a call's whole way is what counts.
/// </summary>
internal sealed class WorkflowScenario(Stage stage) : Scenario(stage)
{
    private readonly WorkflowRecording _recording = new();
    private ComponentWorkflowLoad? _ours;
    private RawRedis? _redis;
    private RedisWorkflowLoad? _reference;

    public override string Unit => "turn";

    public override string Reference => "GET, and SET and DEL in MULTI";

    public override Task PrepareAsync()
    {
        Stage.Initialise();
        _ours = new ComponentWorkflowLoad(_recording, Stage.Connection, Stage.State);
        _redis = new RawRedis(Stage.RedisPort);
        _reference = new RedisWorkflowLoad(_recording, _redis);
        return Task.CompletedTask;
    }

    public override Task<Round> OursAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _ours!.Run(duration));

    public override Task<Round> ReferenceAsync(TimeSpan duration) => OnItsOwnThreadAsync(() => _reference!.Run(duration));

    public override async ValueTask DisposeAsync()
    {
        _redis?.Dispose();
        await base.DisposeAsync();
    }
}

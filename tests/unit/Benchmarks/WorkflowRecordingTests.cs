using Darq.Benchmarks.Workflows;
using Xunit;

namespace Darq.Tests.Unit.Benchmarks;

public sealed class WorkflowRecordingTests
{
    private readonly WorkflowRecording _recording = new();

    [Fact]
    public void Each_turn_of_the_recording_has_one_transaction_and_no_read_is_left_over()
    {
        var turns = _recording.Turns(1);

        Assert.Equal(24, turns.Count);
        Assert.All(turns, turn => Assert.Single(turn.OfType<WorkflowTransaction>()));
        Assert.Equal(28, turns.Sum(turn => turn.OfType<WorkflowRead>().Count()));
    }

    [Fact]
    public void Each_replay_has_instances_of_its_own()
    {
        var (first, second) = (KeysOf(1), KeysOf(2));

        Assert.NotEmpty(first);
        Assert.Empty(first.Intersect(second));
        Assert.Equal(first, second.Select(key => key.Replace("replay-2-", "replay-1-", StringComparison.Ordinal)));
    }

    [Fact]
    public void Played_as_a_whole_a_recording_has_one_turn_with_all_calls_in_their_order()
    {
        var whole = new WorkflowRecording(whole: true);

        var turn = Assert.Single(whole.Next());

        Assert.Equal(_recording.Turns(1).SelectMany(calls => calls).Select(call => call.GetType()), turn.Select(call => call.GetType()));
    }

    private string[] KeysOf(long replay) =>
        [
            .. _recording
                .Turns(replay)
                .SelectMany(turn => turn)
                .SelectMany(call =>
                    call is WorkflowTransaction transaction
                        ? transaction.Request.Operations.Select(operation => operation.Set?.Key ?? operation.Delete.Key)
                        : ((WorkflowRead)call).Keys
                ),
        ];
}

using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>
/// The end of a case: nothing goes wrong any more, all is answered and time passes. Then each message has to come to its end, and the
/// core to hold nothing.
/// </summary>
internal sealed class QuietPhase(ModelWorld world)
{
    public void Drain()
    {
        world.Ownership.OthersDie();
        for (var partition = 0; partition < CoreModel.Partitions; partition++)
        {
            world.Ownership.Assign(partition, 0);
        }

        world.Apps.Open();
        for (var i = 0; i < world.Apps.Streams.Count; i++)
        {
            world.Apps.SetPaused(i, false);
        }

        for (var round = 0; round < 80 && !IsDrained; round++)
        {
            while (world.Ownership.NeedsHandshake)
            {
                world.Handshake(1);
            }

            world.Ownership.BeatAgain();
            AnswerAll();
            world.Model.Now += TimeSpan.FromMilliseconds(500);
        }

        Violation.Unless(IsDrained, $"not drained: {Left()}");
    }

    private void AnswerAll()
    {
        for (var before = -1L; before != world.Model.Progress;)
        {
            before = world.Model.Progress;
            while (world.Apps.Steps.Count > 0)
            {
                world.Apps.EndStep(0, 3);
            }

            while (world.Apps.Unanswered is [var first, ..])
            {
                if (world.Model.Options.RequireStep)
                {
                    var step = world.Apps.StartStep(first);
                    world.Apps.ExecuteStep(step, 2);
                    world.Apps.EndStep(step);
                }

                world.Apps.Reply(first, Answer.Ack);
            }

            while (world.Model.Settlements.Count > 0)
            {
                world.Loops.AnswerSettlement(0, 0);
            }

            world.Work();
        }
    }

    private bool IsDrained =>
        Left().Length == 0
        && !world.Model.Core.Messages.Any()
        && world.Model.Core.Lanes.All(lane => lane.State == LaneState.Delivering && lane.Retries.Count == 0);

    private string Left() =>
        string.Join(
            ", ",
            world.Model.Redis.Messages.Where(message => !world.Model.Redis.Partitions[message.Partition].IsOver(message))
                .Select(message => $"{message.Partition}/{message.StreamId}")
        );
}

using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Retries;

/// <summary>Moves messages that have to wait long into the retry queue in Redis, in order.</summary>
internal sealed class RetryMover(GuardedCore core, Primary primary, string group, string topic, ILogger log)
{
    private static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(1);

    public async Task<TimeSpan> MoveAsync(CancellationToken cancellation)
    {
        var moves = core.Apply(0, static (core, _, _) => core.NextRetryMoves());
        if (moves.Count == 0)
        {
            return SupervisedLoop.NothingToDo;
        }

        var outcomes = await Task.WhenAll(moves.Select(lane => MoveAsync(lane, cancellation)));
        return outcomes.Contains(SettlementOutcome.Refused) ? RefusedPause : TimeSpan.Zero;
    }

    private async Task<SettlementOutcome> MoveAsync(RetryMove[] moves, CancellationToken cancellation)
    {
        var (lane, epoch) = (moves[0].Lane, moves[0].Epoch);
        var outcome = SettlementOutcome.Refused;
        try
        {
            var request = new RetryQueueRequest(group, topic, moves, () => core.FencingTokenAt(lane, epoch), core.Elapsed)
            {
                Applied = primary.Applied,
            };
            outcome = await primary.SubmitAsync(request, cancellation);
        }
        catch (DarqException refused)
        {
            log.RetryQueueRefused(group, topic, lane.Partition, refused.Message);
        }
        finally
        {
            core.Apply((moves, outcome), static (core, told, _) => core.OnRetriesMoved(told.moves, told.outcome));
        }
        return outcome;
    }
}

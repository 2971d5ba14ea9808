using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>
/// Messages that are done with, until Redis has it: what is sent of them, what Redis made of it, and what is sent again. Belongs to the
/// core.
/// </summary>
internal sealed class Settlements(
    string group,
    string topic,
    SettingsInForce settings,
    MessageLifecycle lifecycle,
    Effects effects,
    SubscriptionCounters counters,
    Action<Lane> lose
)
{
    private static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(1);

    // Outcomes that Redis refused, to be sent again.
    private readonly PriorityQueue<Settlement, TimeSpan> _refused = new();

    /// <summary>When a refused outcome is sent again; null where there is none.</summary>
    public TimeSpan? NextRepeat => _refused.TryPeek(out _, out var due) ? due : null;

    /// <summary>Outcomes that are sent again; tests check that none is forgotten.</summary>
    public IEnumerable<Settlement> Refused => _refused.UnorderedItems.Select(item => item.Element);

    public void Settle(LaneMessage message, Ending ending) => Send(new(message, message.Lane.Epoch, ending));

    public void GiveUp(LaneMessage message, string reason)
    {
        var failures = reason == DeadLetter.KilledItsHandler ? message.Lane.TakeOvers : message.Failures;
        Send(
            new(message, message.Lane.Epoch, Ending.DeadLetter)
            {
                Reason = reason,
                Failures = failures,
                DeadLetterTopic = DeadLetter.TopicOf(settings.Options, group, topic)!,
            }
        );
        effects.Log(log => log.MessageIsGivenUp(group, topic, message.Message.Id, failures, reason));
    }

    /// <summary>Sends refused outcomes again that are due.</summary>
    public void Repeat(TimeSpan now)
    {
        while (_refused.TryPeek(out var settlement, out var at) && at <= now)
        {
            _refused.Dequeue();
            if (IsCurrent(settlement))
            {
                effects.Settle(settlement);
            }
        }
    }

    /// <summary>What Redis made of an outcome.</summary>
    public void OnSettled(Settlement settlement, SettlementOutcome outcome, Instant now)
    {
        if (!IsCurrent(settlement))
        {
            return;
        }

        if (settlement.BlocksLane && --settlement.Message.Lane.Refused == 0)
        {
            effects.Wake(Workers.Reader);
        }

        Settled(settlement, outcome, now);
    }

    private void Send(Settlement settlement)
    {
        settlement.Message.Lane.Move(settlement.Message, MessageState.Settling);
        settlement.Message.Settlement = settlement;
        effects.Settle(settlement);
    }

    private void Settled(Settlement settlement, SettlementOutcome outcome, Instant now)
    {
        var (message, lane) = (settlement.Message, settlement.Message.Lane);
        // What waits in the lane of an ack would only be refused as well; a dead letter may be refused for itself alone.
        settlement.BlocksLane = outcome == SettlementOutcome.Refused && settlement.Ending != Ending.DeadLetter;
        switch (outcome)
        {
            case SettlementOutcome.Done:
                CountEnd(settlement);
                lifecycle.Finish(message);
                break;
            case SettlementOutcome.Fenced:
                counters.Fenced.Add();
                lose(lane);
                break;
            case SettlementOutcome.Full:
                effects.Log(log => log.DeadLetterTopicIsFull(group, topic, message.Message.Id));
                lifecycle.MoveToRetryQueue(message, settings.Options.MaxRetryDelay, now);
                break;
            default:
                // Nothing else remembers the outcome.
                lane.Refused += settlement.BlocksLane ? 1 : 0;
                _refused.Enqueue(settlement, now.Elapsed + RefusedPause);
                effects.SetAlarm(now.Elapsed + RefusedPause);
                break;
        }
    }

    private void CountEnd(Settlement settlement)
    {
        switch (settlement.Ending)
        {
            case Ending.Ack:
                counters.Acked.Add();
                break;
            case Ending.Expire:
                counters.Expired.Add();
                break;
            default:
                counters.GiveUp(
                    settlement.Reason == DeadLetter.KilledItsHandler ? GiveUpReason.KilledItsHandler : GiveUpReason.DeliveriesFailed
                );
                break;
        }
    }

    private static bool IsCurrent(Settlement settlement) =>
        settlement.Message.Settlement == settlement && settlement.Message.Lane.Epoch == settlement.Epoch;
}

using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// What becomes of a message from the moment it is in memory until it is out of it: every change of its <see cref="MessageState"/> is
/// made here, by the dispatch that sends it, or by <see cref="Settlements"/>. Belongs to the core.
/// </summary>
internal sealed class MessageLifecycle(
    string group,
    string topic,
    SettingsInForce settings,
    Random random,
    Effects effects,
    ReadyQueue ready,
    ReadAhead ahead,
    RetrySchedule retries,
    SubscriptionCounters counters
)
{
    // Attempts whose lane was lost while an app works on the message: it does not go out a second time before they are answered or may
    // go elsewhere, and their answer counts until it does.
    private readonly Dictionary<(int Partition, Position Message), Attempt> _orphans = [];
    private readonly EarlyAcks _early = new();

    /// <summary>Whether a reader, or the fetcher, found too much in memory.</summary>
    public bool ReadWaitsForRoom { get; set; }

    public bool FetchWaitsForRoom { get; set; }

    public Attempt? Orphan(int partition, Position message) => _orphans.GetValueOrDefault((partition, message));

    /// <summary>Whether an app works on a message of the lane's that was sent under an earlier claim.</summary>
    public bool HasOrphans(Lane lane) =>
        _orphans.Count > 0 && _orphans.Any(orphan => orphan.Key.Partition == lane.Partition && !orphan.Value.MayGoElsewhere);

    /// <summary>The message of an attempt whose lane was lost, if it was read again and that attempt's answer counts for it.</summary>
    public LaneMessage? BehindOrphan(Attempt attempt)
    {
        var lane = attempt.Message.Lane;
        return
            OrphanOf(attempt.Message) == attempt
            && lane.Find(attempt.Message.Message.StreamId) is { State: MessageState.Waiting or MessageState.BackingOff } again
            && OrphanOf(again) == attempt
            && lane.IsFirst(again)
            ? again
            : null;
    }

    /// <summary>The same, for the last time. An acknowledgement of one that was not read again counts when it is.</summary>
    public LaneMessage? TakeOrphan(Attempt attempt, bool acknowledges)
    {
        if (OrphanOf(attempt.Message) != attempt)
        {
            return null;
        }

        var again = BehindOrphan(attempt);
        ForgetOrphan(attempt.Message);
        if (again is null && acknowledges)
        {
            _early.Add(attempt.Message.Message);
        }

        return again;
    }

    /// <summary>Whether its app acknowledged it before it was read again; true only once.</summary>
    public bool TakeEarlyAck(LaneMessage message) => _early.Take(message.Message);

    public void ForgetEarlyAcks() => _early.Clear();

    /// <summary>A newer attempt is sent: the answer to the one before does not count any more.</summary>
    public void ForgetOrphan(LaneMessage message)
    {
        if (_orphans.Count > 0)
        {
            _orphans.Remove((message.Lane.Partition, message.Message.StreamId));
        }
    }

    public void Add(LaneMessage message)
    {
        ahead.Add(message.Message);
        if (message.Lane.Add(message))
        {
            MakeReady(message);
        }
    }

    public void MakeReady(LaneMessage message)
    {
        if (message.Consumed)
        {
            Finish(message);
        }
        else if (message.State == MessageState.Waiting && OrphanOf(message) is null or { MayGoElsewhere: true })
        {
            ready.Add(message);
        }
    }

    public void GiveBack(LaneMessage message)
    {
        message.Lane.Move(message, MessageState.Waiting);
        MakeReady(message);
    }

    public void Fail(LaneMessage message, DeliveryFailure why, Instant now)
    {
        counters.Fail(why);
        message.Failures++;
        SayWhy(message, why);
        if (ReasonToGiveUp(message) is not null)
        {
            GiveBack(message);
            return;
        }

        var delay = RetryDelay.Of(settings.Options, message.Failures, random);
        SayFailed(message, why, delay);
        // One whose attempt timed out stays in memory: the answer may still come.
        if (delay > settings.Options.RetryQueueAfter && message.Attempt is null && OrphanOf(message) is null)
        {
            MoveToRetryQueue(message, delay, now);
        }
        else
        {
            BackOff(message, delay, now);
        }
    }

    public void BackOff(LaneMessage message, TimeSpan delay, Instant now)
    {
        message.Lane.Move(message, MessageState.BackingOff);
        ready.AddAt(message, now.Elapsed + delay);
        effects.SetAlarm(now.Elapsed + delay);
    }

    /// <summary>Its app could not be reached: that is no failure, but a message that crashes its app looks like it.</summary>
    public void BackOffUnreached(LaneMessage message, TimeSpan delay, Instant now)
    {
        if (IsWorthALine(++message.Unreached))
        {
            var (id, times) = (message.Message.Id, message.Unreached);
            effects.Log(log => log.AppWasNotReached(group, topic, id, times));
        }

        BackOff(message, delay, now);
    }

    private void SayFailed(LaneMessage message, DeliveryFailure reason, TimeSpan delay)
    {
        var (failed, failures, ms) = (message.Message, message.Failures, (long)delay.TotalMilliseconds);
        var why = CounterReasons.DeliveryFailures[(int)reason];
        effects.Log(log => log.DeliveryFailed(group, topic, failed.Id, why, failures, ms));
        if (IsWorthALine(failures))
        {
            var behind = message.Lane.CountBehind(message);
            effects.Log(log => log.DeliveryFailsAgain(group, topic, failed.Id, failed.Key, failures, why, ms, behind));
        }
    }

    private void SayWhy(LaneMessage message, DeliveryFailure reason)
    {
        var (id, conflicts, keys, streams) = (message.Message.Id, message.Conflicts, message.ConflictKeys, message.StreamsLost);
        Action<ILogger>? line = reason switch
        {
            DeliveryFailure.WithoutStep => log => log.AcknowledgedWithoutStep(group, topic, id),
            DeliveryFailure.UnclearAnswer => log => log.AnswerWasUnclear(group, topic, id),
            DeliveryFailure.ProcessingTimeout => log => log.ProcessingTimedOut(group, topic, id, settings.Options.ProcessingTimeout),
            DeliveryFailure.Conflict => log => log.StepConflicts(group, topic, id, conflicts, keys),
            DeliveryFailure.StreamLost => log => log.StreamsWereLost(group, topic, streams, id),
            _ => null,
        };
        if (line is not null)
        {
            effects.Log(line);
        }
    }

    /// <summary>3, 10, 30, 100, …: often enough to be seen, and not once for each attempt.</summary>
    private static bool IsWorthALine(int failures)
    {
        var first = failures;
        while (first >= 10 && first % 10 == 0)
        {
            first /= 10;
        }

        return first == 3 || first == 1 && failures > 1;
    }

    /// <summary>Takes a failed message out of memory, and with it all that wait for it.</summary>
    public void MoveToRetryQueue(LaneMessage failed, TimeSpan delay, Instant now)
    {
        var lane = failed.Lane;
        var sequence = retries.Move(lane, failed.Message, now.Elapsed + delay, failed.Failures);
        ahead.Remove(failed.Message);
        for (var next = lane.Remove(failed); next is { } follower;)
        {
            next = lane.Remove(follower);
            ahead.Remove(follower.Message);
            if (follower.Sequence is null && !follower.Consumed)
            {
                retries.Move(lane, follower.Message, TimeSpan.Zero, 0);
            }
        }

        sequence.InMemory = 0;
        WakeForRoom();
    }

    /// <summary>Why the message is not delivered any more; null where it is.</summary>
    public string? ReasonToGiveUp(LaneMessage message) =>
        settings.Options.MaxDeliveries == 0 ? null
        : message.Failures >= settings.Options.MaxDeliveries ? DeadLetter.DeliveriesFailed
        // A message is suspect only if it was the sole one in flight when its owner died.
        : message.Lane.Suspect == message.Message.StreamId.Number
        && message.Lane.TakeOvers >= Math.Max(settings.Options.MaxDeliveries, Lane.SuspiciousFrom + 1)
            ? DeadLetter.KilledItsHandler
        : null;

    /// <summary>Takes a message out of memory. Safe to repeat.</summary>
    public void Finish(LaneMessage message)
    {
        if (message.State == MessageState.Gone)
        {
            return;
        }

        var next = message.Lane.Remove(message);
        ahead.Remove(message.Message);
        WakeForRoom();
        if (message.Sequence is { } sequence)
        {
            retries.Leave(message, sequence);
        }

        if (next is not null)
        {
            MakeReady(next);
        }
    }

    // Another message may have the place of one that is lost.
    private Attempt? OrphanOf(LaneMessage message) =>
        _orphans.Count > 0
        && Orphan(message.Lane.Partition, message.Message.StreamId) is { } orphan
        && orphan.Message.Message.Id == message.Message.Id
            ? orphan
            : null;

    private void WakeForRoom() =>
        effects.Wake((ReadWaitsForRoom ? Workers.Reader : Workers.None) | (FetchWaitsForRoom ? Workers.RetryFetcher : Workers.None));

    /// <summary>Forgets what is in memory of lanes. Messages that an app works on stay out until it answers.</summary>
    public void Drop(IReadOnlyList<Lane> lanes)
    {
        foreach (var lane in lanes)
        {
            foreach (var message in lane.Messages)
            {
                ahead.Remove(message.Message);
                if (message is { State: not MessageState.Settling, Attempt: { } attempt })
                {
                    _orphans[(lane.Partition, message.Message.StreamId)] = attempt;
                }
            }

            ready.Forget(lane);
            lane.Drop();
        }

        retries.Forget();
        WakeForRoom();
    }
}

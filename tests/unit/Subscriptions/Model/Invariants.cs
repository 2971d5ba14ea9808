using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>What holds after every event, whatever happened before.</summary>
internal sealed class Invariants(CoreModel model)
{
    // What a page and a fetch may bring on top of what may be in memory: they were asked for while there was room.
    private const int UnderWay = 5 * 64;

    private readonly HashSet<Settlement> _settled = [];

    // Failures that a message came with.
    private readonly Dictionary<LaneMessage, int> _failuresBefore = [];

    // Who brings the next event of messages, and how often; made anew for each check.
    private readonly Dictionary<LaneMessage, int> _queued = [];
    private readonly Dictionary<LaneMessage, int> _blocked = [];
    private readonly Dictionary<LaneMessage, int> _due = [];
    private readonly Dictionary<LaneMessage, int> _settling = [];

    private AppModel Apps => model.Apps;

    private SubscriptionCore Core => model.Core;

    /// <summary>An attempt is on its way to an app; those before it in the same event are with their streams already.</summary>
    public void CheckSending(Attempt attempt)
    {
        var (message, lane) = (attempt.Message, attempt.Message.Lane);
        var name = NameOf(message);
        var stream = Apps.Streams.Find(stream => stream.Core == attempt.Stream);
        Violation.Unless(stream is not null && !attempt.Stream.IsPaused, $"{name} was sent to a stream that takes nothing");
        Violation.Unless(stream!.Unanswered.Count < stream.Window, $"{name} was sent beyond the window of {stream.Window}");
        Violation.Unless(lane.State == LaneState.Delivering, $"{name} was sent while its lane was {lane.State}");
        Violation.Unless(!model.HasLapsed, $"{name} was sent although the heartbeat had lapsed");
        Violation.Unless(
            !model.Redis.Partitions[lane.Partition].WasDoneAtClaim(message.Message.StreamId, lane.FencingToken),
            $"{name} was sent although it was done with when its lane was claimed"
        );
        Violation.Unless(message.Message.ExpiryMs > model.UnixMs, $"{name} was sent after it had expired");
        Violation.Unless(
            !lane.IsSuspicious || lane.Messages.Count(other => other.State == MessageState.Sent) <= 1,
            $"{name} was sent beside another of a suspicious lane"
        );
        var same = (lane.Partition, message.Message.StreamId);
        foreach (var earlier in Apps.DeliveriesOf(same))
        {
            var isOut = earlier.Stream.Unanswered.Contains(earlier) && Apps.Streams.Contains(earlier.Stream);
            Violation.Unless(
                earlier.Attempt.MayGoElsewhere || !isOut && earlier.Attempt.StepsInFlight == 0,
                $"{name} was sent again before {earlier} was answered"
            );
            Violation.Unless(!isOut || earlier.Stream != stream, $"{name} was sent to a stream that still holds {earlier}");
        }

        CheckOrder(message, name);
    }

    public void CheckSettling(Settlement settlement)
    {
        // One that was refused is told again.
        if (!_settled.Add(settlement))
        {
            return;
        }

        var message = (settlement.Message.Lane.Partition, settlement.Message.Message.StreamId);
        Violation.Unless(
            settlement.Ending != Ending.Ack
                || !model.Options.RequireStep
                    && Apps.DeliveriesOf(message).Any(delivered => delivered.Answer == Answer.Ack && !delivered.HasConsumed),
            $"message {message} is acknowledged without {(model.Options.RequireStep ? "a step" : "its app")}, or its step was lost"
        );
        Violation.Unless(
            settlement.Ending != Ending.DeadLetter || model.Options.MaxDeliveries > 0,
            $"message {message} is given up although messages of this subscription never are"
        );
    }

    public void Check()
    {
        Count(_queued, Core.Ready.Waiting);
        Count(_due, Core.Ready.BackingOff);
        Count(_blocked, Core.Lanes.SelectMany(lane => lane.Blocked));
        var told = model.Settlements.Select(pending => pending.Settlement);
        Count(_settling, told.Concat(Core.Settlements.Refused).Where(IsCurrent).Select(settlement => settlement.Message));
        var count = 0;
        foreach (var message in Core.Messages)
        {
            count++;
            CheckBringer(message);
            CheckFailures(message);
        }

        Violation.Unless(Core.ReadAhead.Count == count, $"{Core.ReadAhead.Count} messages are counted in memory where {count} are");
        Violation.Unless(count <= ReadAhead.MaxMessages + UnderWay, $"{count} messages are in memory");
        foreach (var stream in Apps.Streams.Where(stream => stream.Core is not null))
        {
            Violation.Unless(
                stream.Unanswered.Select(delivered => delivered.Attempt).SequenceEqual(stream.Core!.Unanswered),
                "a stream holds other attempts than its window says"
            );
            var behind = stream.IsSerial ? stream.Unanswered.Skip(1).FirstOrDefault(delivered => delivered.Attempt.TimedOut) : null;
            Violation.Unless(behind is null, $"{behind} failed by the clock although its app had not begun with it");
        }

        Violation.Unless(
            model.IsAwake(Workers.Clock) || Core.NextDue is not { } next || model.ClockDue <= next,
            $"something is due at {Core.NextDue} and the clock sleeps until {model.ClockDue}"
        );
    }

    /// <summary>Each message has exactly one bringer of its next event.</summary>
    private void CheckBringer(LaneMessage message)
    {
        var lane = message.Lane;
        var blocked = _blocked.GetValueOrDefault(message);
        var bringers = message.State switch
        {
            MessageState.Sent => message.Attempt is { } attempt && WillEnd(attempt) ? 1 : 0,
            MessageState.BackingOff => _due.GetValueOrDefault(message),
            MessageState.Settling => _settling.GetValueOrDefault(message),
            MessageState.Waiting => _queued.GetValueOrDefault(message) + blocked + (!lane.IsFirst(message) || IsOrphaned(message) ? 1 : 0),
            _ => 0,
        };
        if (bringers != 1)
        {
            throw new Violation($"{bringers} bring the next event of {NameOf(message)} ({message.State})");
        }

        if (message.State is not MessageState.Waiting and not MessageState.BackingOff)
        {
            return;
        }

        if (blocked > 0 && lane.MaySend)
        {
            throw new Violation($"{NameOf(message)} is blocked although its lane may send");
        }

        if (message.Consumed && lane.IsFirst(message))
        {
            throw new Violation($"{NameOf(message)} is consumed and still in memory");
        }
    }

    /// <summary>Whether an attempt will be answered: its stream has it, or a step that is under way gives back the answer it got.</summary>
    private bool WillEnd(Attempt attempt) =>
        Apps.Streams.Exists(stream => stream.Core == attempt.Stream) && attempt.Stream.Unanswered.Contains(attempt)
        || attempt.Deferred is not null && Apps.Steps.Exists(step => step.Attempt == attempt);

    private bool IsOrphaned(LaneMessage message) =>
        Core.Lifecycle.Orphan(message.Lane.Partition, message.Message.StreamId) is { MayGoElsewhere: false } orphan && WillEnd(orphan);

    /// <summary>An attempt fails at most once, by its answer or by the processing timeout.</summary>
    private void CheckFailures(LaneMessage message)
    {
        if (!_failuresBefore.TryGetValue(message, out var before))
        {
            _failuresBefore[message] = message.Failures;
            return;
        }

        if (message.Failures == before)
        {
            return;
        }

        var same = (message.Lane.Partition, message.Message.StreamId);
        var failed = Apps.DeliveriesOf(same)
            .Count(delivered =>
                delivered.Attempt.TimedOut
                || delivered.Answer is Answer.Nack or Answer.Ack or Answer.Unclear or Answer.Conflict
                || delivered.Answer is null && !Apps.Streams.Contains(delivered.Stream)
            );
        Violation.Unless(
            message.Failures - before <= failed,
            $"message {same} has {message.Failures - before} failures more, and {failed} attempts failed"
        );
    }

    /// <summary>While the claim is ours in Redis, what is sent has no unfinished predecessor there.</summary>
    private void CheckOrder(LaneMessage message, string name)
    {
        var lane = message.Lane;
        var at = model.Redis.Partitions[lane.Partition];
        var number = message.Message.StreamId.Number;
        var isThere = at.At(number)?.StreamId == message.Message.StreamId;
        if (!model.IsReady || at.Owner != lane.Session || at.Token != lane.FencingToken || !isThere)
        {
            return;
        }

        var earlier = at.Stream.Find(earlier => earlier.StreamId.Number < number && Waits(message, earlier) && !at.IsOver(earlier));
        Violation.Unless(earlier is null, $"{name} was sent before {earlier?.StreamId} of its key was finished");
    }

    private bool Waits(LaneMessage message, StoredMessage earlier) =>
        model.Options.Order == Order.Partition
        || model.Options.Order == Order.Key && earlier.Key.Length > 0 && earlier.Key == message.Message.Key;

    private static void Count(Dictionary<LaneMessage, int> counts, IEnumerable<LaneMessage> messages)
    {
        counts.Clear();
        foreach (var message in messages)
        {
            counts[message] = counts.GetValueOrDefault(message) + 1;
        }
    }

    private static bool IsCurrent(Settlement settlement) => settlement.Message.Settlement == settlement;

    private static string NameOf(LaneMessage message) => $"message {message.Lane.Partition}/{message.Message.StreamId}";
}

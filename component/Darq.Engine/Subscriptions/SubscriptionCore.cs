using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// All decisions about a (group, topic) in this process: which message goes to which stream when, what becomes of it, which lanes are
/// read, claimed and released. Events come in, effects go out; it does no I/O and has no clock. Not safe for concurrent use: its shell
/// holds a lock. Every message in memory has exactly one bringer of its next event, named by <see cref="MessageState"/>.
/// Here: streams, answers, steps and the clock. The other file: what Redis tells.
/// </summary>
internal sealed partial class SubscriptionCore
{
    /// <summary>Conflicts of a message after which it is delivered again at once.</summary>
    private const int ConflictsAtOnce = 3;

    private readonly string _group;
    private readonly string _topic;
    private readonly SettingsInForce _settings;
    private readonly Random _random;
    private readonly SubscriptionCounters _counters;
    private readonly Lane[] _lanes;
    private readonly Effects _effects = new();
    private readonly ReadyQueue _ready = new();
    private readonly ReadAhead _ahead;
    private readonly RetrySchedule _retries;
    private readonly MessageLifecycle _lifecycle;
    private readonly Settlements _settlements;
    private readonly AttemptNumbers _attempts;
    private readonly Dispatcher _dispatcher;
    private readonly LostLanes _lost;

    public SubscriptionCore(
        string group,
        string topic,
        int partitions,
        SubscriptionOptions options,
        Random random,
        AttemptNumbers? attempts = null,
        SubscriptionCounters? counters = null
    )
    {
        (_group, _topic, _random, _counters) = (group, topic, random, counters ?? new(new("", group, topic)));
        _settings = new(group, topic, options, _effects);
        _lanes = [.. Enumerable.Range(0, partitions).Select(partition => new Lane(partition, options.Order))];
        _ahead = new(_lanes);
        _retries = new(_lanes, _effects);
        _lifecycle = new(group, topic, _settings, random, _effects, _ready, _ahead, _retries, _counters);
        _settlements = new(group, topic, _settings, _lifecycle, _effects, _counters, Lose);
        _attempts = attempts ?? new();
        _dispatcher = new(group, topic, _settings, random, _effects, _ready, _lifecycle, _settlements, _attempts, _counters);
        _lost = new(group, topic, _counters, _effects);
        Ownership = new(_lanes, _effects, new(group, topic, _effects), lane => !_lifecycle.HasOrphans(lane), _lifecycle.Drop);
    }

    /// <summary>Which lanes are claimed, drained and released.</summary>
    public LaneOwnership Ownership { get; }

    public SubscriptionOptions Options => _settings.Options;

    /// <summary>Whether lanes are wanted: a stream is open, and not paused because its sidecar shuts down.</summary>
    public bool IsTaking => _dispatcher.Streams.Any(stream => stream.IsTaking);

    /// <summary>Whether there is neither a lane nor a stream, so that no clock has to run.</summary>
    public bool IsIdle => _dispatcher.Streams.Count == 0 && Ownership.IsIdle;

    /// <summary>All messages in memory; tests check that none is forgotten.</summary>
    public IEnumerable<LaneMessage> Messages => _lanes.SelectMany(lane => lane.Messages);

    public IReadOnlyList<Lane> Lanes => _lanes;

    public IReadOnlyList<StreamWindow> Streams => _dispatcher.Streams;

    /// <summary>Who brings the next event of each message, for the same.</summary>
    public ReadyQueue Ready => _ready;

    public MessageLifecycle Lifecycle => _lifecycle;

    public Settlements Settlements => _settlements;

    public ReadAhead ReadAhead => _ahead;

    /// <summary>What the events since the last call ask for.</summary>
    public Effects.Taken TakeEffects() => _effects.Take();

    /// <summary>Lets a stream take part.</summary>
    public StreamWindow Open(IDeliveryOutlet outlet, SubscriptionOptions options, AppPresence app, Instant now)
    {
        var stream = new StreamWindow(options, outlet, app);
        _dispatcher.Add(stream);
        FollowNewest();
        if (app.OnOpened(now.Elapsed))
        {
            _effects.AppChanged(app);
        }

        _effects.Wake(Workers.All);
        return stream;
    }

    /// <summary>Takes a stream out and gives back its messages without counting a failure. Safe to repeat.</summary>
    public void Close(StreamWindow stream, Instant now)
    {
        var left = _dispatcher.Close(stream, now);
        FollowNewest();
        foreach (var attempt in left)
        {
            Resolve(attempt, Answer.Release, now);
        }

        _effects.Wake(Workers.All);
    }

    public void CloseAll(Instant now)
    {
        foreach (var stream in _dispatcher.Streams.ToArray())
        {
            Close(stream, now);
        }
    }

    public void SetPaused(StreamWindow stream, bool paused)
    {
        stream.IsPaused = paused;
        _effects.Wake(Workers.All);
    }

    /// <summary>Nothing more is sent to a stream that is about to be closed.</summary>
    public void Finish(StreamWindow stream)
    {
        stream.IsFinishing = true;
        _effects.Wake(Workers.All);
    }

    /// <summary>An answer to an attempt. Unknown, answered and superseded tokens change nothing.</summary>
    public void OnAnswer(StreamWindow stream, DeliveryToken token, Answer answer, Instant now, string conflictKeys = "")
    {
        if (stream.Find(token) is not { } attempt)
        {
            return;
        }

        attempt.Message.ConflictKeys = conflictKeys;

        _dispatcher.Take(attempt, answer, now);
        _dispatcher.Heard(attempt, answer, now);
        Resolve(attempt, answer, now);
    }

    /// <summary>
    /// The message of an attempt that is out on a stream of this app, also where a newer attempt or a step overtook it; null where it is
    /// not.
    /// </summary>
    public Outstanding? FindOutstanding(DeliveryToken token, AppPresence app)
    {
        foreach (var stream in _dispatcher.Streams)
        {
            if (stream.App == app && stream.Find(token)?.Delivery is { } delivery)
            {
                return new(delivery, Options);
            }
        }

        return null;
    }

    /// <summary>The processing time of an attempt begins anew; false where it is not out, or may go to another stream.</summary>
    public bool OnExtend(DeliveryToken token, Instant now)
    {
        if (Find(token) is not { MayGoElsewhere: false } attempt || attempt.Stream.Find(token) != attempt)
        {
            return false;
        }

        attempt.StartedAt = now.Elapsed;
        return true;
    }

    /// <summary>
    /// The fencing token under which this process owns the lane of an attempt; where it does not, one that no claim has. Redis goes by the
    /// message's number, which another message has where this one was lost: an attempt from before the claim counts once its message was
    /// read again.
    /// </summary>
    public string FencingTokenOf(DeliveryToken token)
    {
        var lane = _lanes[token.Partition];
        return lane.Session == token.Session && (token.Number > lane.AttemptsBefore || lane.Find(token.Message) is not null)
            ? lane.FencingToken
            : Lane.NoToken;
    }

    /// <summary>A step that names the attempt is on its way; <see cref="OnStepEnded"/> follows in any case.</summary>
    /// <returns>The attempt, to be given back then; null where it is not out any more.</returns>
    public Attempt? OnStepStarted(DeliveryToken token)
    {
        var attempt = Find(token);
        if (attempt is not null)
        {
            attempt.StepsInFlight++;
        }

        return attempt;
    }

    /// <summary>What became of a step that names the attempt; <paramref name="fencingToken"/> is the one it was sent under.</summary>
    public void OnStepEnded(DeliveryToken token, Attempt? attempt, StepEnd end, string fencingToken, Instant now)
    {
        var lane = _lanes[token.Partition];
        if (attempt is not null)
        {
            attempt.StepsInFlight--;
            attempt.Consumed |= end == StepEnd.Consumed;
        }

        if (end == StepEnd.Consumed && IsOfThisClaim(lane, token, fencingToken) && lane.Find(token.Message) is { } message)
        {
            OnConsumed(message);
        }
        else if (end == StepEnd.Fenced && lane.Owned && lane.FencingToken == fencingToken)
        {
            _counters.Fenced.Add();
            // One of the step's lanes is another's now; Redis says which when they are claimed again.
            Ownership.Suspend([lane]);
        }

        if (attempt is { StepsInFlight: 0 } && attempt.Stream.Find(token) == attempt)
        {
            // It could not time out meanwhile.
            _effects.SetAlarm(_dispatcher.DueOf(attempt));
        }

        if (attempt is { StepsInFlight: 0, Deferred: { } answer })
        {
            attempt.Deferred = null;
            Resolve(attempt, answer, now);
        }
    }

    public void OnSettled(Settlement settlement, SettlementOutcome outcome, Instant now) =>
        _settlements.OnSettled(settlement, outcome, now);

    /// <summary>Does what is due by the clock.</summary>
    public void OnTick(Instant now)
    {
        _settlements.Repeat(now.Elapsed);
        _lost.Say(now);
        foreach (var late in _dispatcher.TimeOut(now))
        {
            TimeOut(late, now);
        }
    }

    /// <summary>Sends what may be sent; the shell calls it after every event.</summary>
    public void Dispatch(Instant now)
    {
        _dispatcher.Dispatch(now);
        _lost.Arm(now);
        if (Ownership.HasDrained)
        {
            _effects.Wake(Workers.Rebalancer);
        }
    }

    /// <summary>When the clock has to call <see cref="OnTick"/> next; null while nothing is due. Events bring it forward.</summary>
    public TimeSpan? Arm() => _effects.Alarm = NextDue;

    /// <summary>When something is due by the clock; null while nothing is.</summary>
    public TimeSpan? NextDue =>
        Instant.Earlier(Instant.Earlier(_ready.NextDue, _settlements.NextRepeat), Instant.Earlier(_dispatcher.NextDue, _lost.Due));

    /// <summary>Draws the consequence of an answer, unless a step that may consume the message is still on its way.</summary>
    private void Resolve(Attempt attempt, Answer answer, Instant now)
    {
        if (attempt.StepsInFlight > 0)
        {
            attempt.Deferred = answer;
            return;
        }

        var isOrphan = attempt.Message.State == MessageState.Gone;
        // What a lost step consumed is not done, whatever its app says of it.
        var acknowledges = answer == Answer.Ack && !Options.RequireStep && !(isOrphan && attempt.Consumed);
        if ((isOrphan ? _lifecycle.TakeOrphan(attempt, acknowledges) : Current(attempt)) is not { } message)
        {
            return;
        }

        message.Attempt = null;
        if (message.Consumed)
        {
            _lifecycle.Finish(message);
        }
        else if (acknowledges)
        {
            _settlements.Settle(message, Ending.Ack);
        }
        else if (attempt.TimedOut)
        {
            // That was its failure, and its next attempt is on its way.
        }
        else if (ReasonOf(answer, attempt, message) is { } reason)
        {
            _lifecycle.Fail(message, reason, now);
        }
        else if (answer == Answer.AppGone)
        {
            _lifecycle.BackOffUnreached(message, RetryDelay.WhileGone(Options, attempt.Stream.App.GoneInRow, _random), now);
        }
        else if (answer == Answer.Postponed)
        {
            _lifecycle.BackOff(message, RetryDelay.Of(Options, ++message.Postponed, _random), now);
        }
        else
        {
            // Also one whose step was lost with the claim of its lane: the acknowledgement speaks of what no longer exists.
            _lifecycle.GiveBack(message);
        }
    }

    /// <summary>Why an answer counts as a failure; null where it does not.</summary>
    private static DeliveryFailure? ReasonOf(Answer answer, Attempt attempt, LaneMessage message) =>
        answer switch
        {
            Answer.Ack when !attempt.Consumed => DeliveryFailure.WithoutStep,
            Answer.Unclear when !attempt.Consumed => DeliveryFailure.UnclearAnswer,
            Answer.Conflict when ++message.Conflicts > ConflictsAtOnce => DeliveryFailure.Conflict,
            _ => answer.ToFailure(),
        };

    private static LaneMessage? Current(Attempt attempt) =>
        attempt.IsCurrent && attempt.Message.State is not MessageState.Settling ? attempt.Message : null;

    private Attempt? Find(DeliveryToken token) =>
        (_lanes[token.Partition].Find(token.Message)?.Attempt ?? _lifecycle.Orphan(token.Partition, token.Message)) is { } attempt
        && attempt.Number == token.Number
            ? attempt
            : null;

    /// <summary>Whether a step's word on a message concerns the claim we have: one from before it may have been lost since.</summary>
    private static bool IsOfThisClaim(Lane lane, DeliveryToken token, string fencingToken) =>
        lane.Session == token.Session && (token.Number > lane.AttemptsBefore || fencingToken == lane.FencingToken);

    private void OnConsumed(LaneMessage message)
    {
        _counters.Consumed.Add(message.Consumed ? 0 : 1);
        message.Consumed = true;
        // One that is out is finished by its answer.
        if (message.State is MessageState.Waiting or MessageState.BackingOff && message.Lane.IsFirst(message))
        {
            _lifecycle.Finish(message);
        }
    }

    private void TimeOut(Attempt attempt, Instant now)
    {
        var isOrphan = attempt.Message.State == MessageState.Gone;
        if ((isOrphan ? _lifecycle.BehindOrphan(attempt) : Current(attempt)) is not { } message)
        {
            return;
        }

        if (message.Consumed)
        {
            _lifecycle.Finish(message);
        }
        else if (attempt.TimedOut)
        {
            _lifecycle.Fail(message, DeliveryFailure.ProcessingTimeout, now);
        }
        else
        {
            _lifecycle.GiveBack(message);
        }
    }
}

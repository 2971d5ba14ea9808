using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Retries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// Which ready message goes to which stream, and how long its app may take. Belongs to the core.
/// </summary>
internal sealed class Dispatcher(
    string group,
    string topic,
    SettingsInForce settings,
    Random random,
    Effects effects,
    ReadyQueue ready,
    MessageLifecycle lifecycle,
    Settlements settlements,
    AttemptNumbers attempts,
    SubscriptionCounters counters
)
{
    /// <summary>Time after which the log says that an app still works on a message.</summary>
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(30);

    private readonly List<StreamWindow> _streams = [];
    private readonly LostDeliveries _lost = new();
    private uint _turn;
    private TimeSpan? _nextProbe;

    public IReadOnlyList<StreamWindow> Streams => _streams;

    /// <summary>When an attempt is slow or times out, or an app that is gone may be tried; null where nothing of that is to come.</summary>
    public TimeSpan? NextDue => Instant.Earlier(_streams.SelectMany(stream => stream.Unanswered).Min(DueOf), _nextProbe);

    public void Add(StreamWindow stream) => _streams.Add(stream);

    /// <summary>Takes a stream out and returns what it had unanswered. Safe to repeat.</summary>
    public IReadOnlyList<Attempt> Close(StreamWindow stream, Instant now)
    {
        _streams.Remove(stream);
        var left = stream.Close();
        foreach (var attempt in left)
        {
            Heard(attempt, Answer.Release, now);
            // A sidecar that stops pauses its streams first. What timed out has failed already, and what waited behind it never began.
            if (attempt is { IsCurrent: true, MayGoElsewhere: false } && !stream.IsPaused)
            {
                _lost.Add(attempt.Message, stream.App);
            }
        }

        return left;
    }

    /// <summary>Sends what may be sent.</summary>
    public void Dispatch(Instant now)
    {
        while (ready.TakeDue(now.Elapsed) is { } due)
        {
            lifecycle.GiveBack(due);
        }

        ready.Readmit();
        _nextProbe = null;
        while (!now.HeartbeatLapsed && NextReady(now) is { } message)
        {
            if (NextStream(message, now) is { } stream)
            {
                ready.Dequeue();
                Send(message, stream, now);
            }
            else if (_streams.Exists(holder => holder.StillHas(message)))
            {
                ready.SetAside();
            }
            else
            {
                break;
            }
        }
    }

    /// <summary>
    /// Takes an answered attempt off its stream; the time of the next one begins. One that was given back is out again where no newer
    /// attempt is.
    /// </summary>
    public void Take(Attempt attempt, Answer answer, Instant now)
    {
        var stream = attempt.Stream;
        if (stream.Take(attempt, answered: answer is not (Answer.Release or Answer.Undeliverable), now.Elapsed) is { } next)
        {
            effects.SetAlarm(DueOf(next));
        }

        foreach (var begun in stream.Begun().Where(begun => begun is { IsCurrent: true, Message.State: MessageState.Waiting }))
        {
            begun.Message.Lane.Move(begun.Message, MessageState.Sent);
            stream.TakeBack(begun, now.Elapsed);
            effects.SetAlarm(DueOf(begun));
        }
    }

    /// <summary>What an answer says of the app behind the stream.</summary>
    public void Heard(Attempt attempt, Answer answer, Instant now)
    {
        var app = attempt.Stream.App;
        var changed = answer switch
        {
            Answer.AppGone => app.OnGone(
                attempt.IsProbe,
                now.Elapsed,
                deliveries => RetryDelay.WhileGone(settings.Options, deliveries, random)
            ),
            Answer.Release or Answer.Undeliverable => attempt.IsProbe && app.OnProbeReleased(now.Elapsed),
            _ => app.OnAnswered(),
        };
        if (changed)
        {
            effects.AppChanged(app);
        }
    }

    /// <summary>Takes attempts that time out now off their streams' clocks; their answers may still come.</summary>
    public IReadOnlyList<Attempt> TimeOut(Instant now)
    {
        List<Attempt> late = [];
        foreach (var stream in _streams)
        {
            foreach (var attempt in stream.Unanswered.Where(attempt => DueOf(attempt) <= now.Elapsed))
            {
                SaySlow(attempt, now);
                if (attempt.DeadlineOf(settings.Options.ProcessingTimeout) <= now.Elapsed)
                {
                    stream.TimeOut(attempt);
                    late.Add(attempt);
                }
            }
        }

        return late;
    }

    /// <summary>The first ready message that may be delivered; those that are acked, expired, failed or given up are dealt with.</summary>
    private LaneMessage? NextReady(Instant now)
    {
        while (ready.Peek() is { } message)
        {
            if (lifecycle.TakeEarlyAck(message))
            {
                settlements.Settle(message, Ending.Ack);
            }
            else if (message.Message.ExpiryMs <= now.UnixMs)
            {
                settlements.Settle(message, Ending.Expire);
            }
            else if (lifecycle.ReasonToGiveUp(message) is { } reason)
            {
                settlements.GiveUp(message, reason);
            }
            else if (_lost.Count(message, _streams) is > 1 and var streams)
            {
                message.StreamsLost = streams;
                // Failures of an earlier claim are forgotten; the first stream did not count.
                message.Failures = Math.Max(message.Failures, streams - 2);
                lifecycle.Fail(message, DeliveryFailure.StreamLost, now);
            }
            else
            {
                return message;
            }
        }
        return null;
    }

    private StreamWindow? NextStream(LaneMessage message, Instant now) =>
        NextStream(message, now, isStuck: false)
        ?? (_streams.Exists(stream => stream.IsStuck) ? NextStream(message, now, isStuck: true) : null);

    /// <summary>The next stream with room, in turn. A further attempt never goes to a stream that still has an earlier one.</summary>
    private StreamWindow? NextStream(LaneMessage message, Instant now, bool isStuck)
    {
        for (var i = 0; i < _streams.Count; i++)
        {
            var stream = _streams[(int)(_turn++ % (uint)_streams.Count)];
            if (!stream.HasRoom || stream.IsStuck != isStuck || stream.StillHas(message))
            {
                continue;
            }

            if (stream.App.TryBegin(now.Elapsed, out var next))
            {
                return stream;
            }

            _nextProbe = Instant.Earlier(_nextProbe, next);
            effects.SetAlarm(next);
        }
        return null;
    }

    private void Send(LaneMessage message, StreamWindow stream, Instant now)
    {
        message.Lane.Move(message, MessageState.Sent);
        lifecycle.ForgetOrphan(message);
        message.Attempt = new(attempts.Next(), message, stream, now.Elapsed) { IsProbe = stream.App.IsGone };
        stream.Sent(message.Attempt);
        counters.Sent.Add();
        effects.Send(message.Attempt);
        effects.SetAlarm(DueOf(message.Attempt));
    }

    private void SaySlow(Attempt attempt, Instant now)
    {
        if (SlowAt(attempt) <= now.Elapsed)
        {
            attempt.IsSlow = true;
            var (message, behind) = (attempt.Message.Message, attempt.Message.Lane.CountBehind(attempt.Message));
            var number = attempt.Message.Failures + 1;
            effects.Log(log => log.HandlerIsSlow(group, topic, message.Id, message.Key, number, SlowAfter, behind));
        }
    }

    /// <summary>When the clock has something to do for an attempt; null where it never has.</summary>
    public TimeSpan? DueOf(Attempt attempt) => Instant.Earlier(SlowAt(attempt), attempt.DeadlineOf(settings.Options.ProcessingTimeout));

    private static TimeSpan? SlowAt(Attempt attempt) =>
        attempt.IsSlow || !attempt.Stream.IsWithApp(attempt) ? null : attempt.StartedAt + SlowAfter;
}

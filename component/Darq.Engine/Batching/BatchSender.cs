using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Batching;

/// <summary>
/// Numbers batches and sends them, the same number until its outcome is known. Used by the queue's loop alone, but for
/// <see cref="AnsweredOf"/>.
/// </summary>
internal sealed class BatchSender(IPrimaryLink link, Keys keys, TimeProvider time, ILogger log, NamespaceCounters counters)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly PartitionList _partitions = new(keys);
    private long _number;
    private int _lastArguments;
    private TimeSpan _lastExtraTime;

    // Written by the loop, the session after what was answered of it.
    private volatile Session? _session;
    private long _answered;

    /// <summary>Whether a batch of this session would follow the last one.</summary>
    public bool Continues(Session session) => session == _session;

    /// <summary>The highest number of a session that has its answer; 0 where none has. Safe to call from any thread.</summary>
    public long AnsweredOf(Session session) => _session == session ? Volatile.Read(ref _answered) : 0;

    /// <summary>Sends a new batch under the next number.</summary>
    public void Begin(Batch batch, Session session, CancellationToken cancellation)
    {
        Follow(session);
        batch.Give(session, ++_number);
        Send(batch, cancellation);
    }

    /// <summary>
    /// The answers of a batch whose call has ended and that took effect under the world-line that it named; nothing for any other outcome.
    /// </summary>
    public async ValueTask<BatchAnswers?> AnswersOfAsync(Batch ended)
    {
        if (!ended.Call.IsCompletedSuccessfully || ended.WorldLine != link.WorldLine)
        {
            return null;
        }

        var reply = await ended.Call;
        if (!IsTaken(reply))
        {
            return null;
        }

        if (ended.Session == _session)
        {
            Volatile.Write(ref _answered, ended.Number);
        }

        return BatchAnswers.Of(ended, reply);
    }

    /// <summary>
    /// Repeats a batch whose last sending has ended until its outcome is known; returns the answers to give, if any.
    /// 1. Look at how the sending ended. No reply: the outcome is in doubt. Refused: its number is closed by what frees of it.
    /// 2. Wait until the primary is ready, so that a recovery and its resumed lanes come first.
    /// 3. Send it again: under its number, or under the next one of a new session.
    /// </summary>
    public async Task<BatchAnswers?> ResolveAsync(Batch batch, CancellationToken cancellation)
    {
        while (batch.Requests.Count > 0)
        {
            // Step 1
            if (await AnswersAsync(batch, cancellation) is { } answers)
            {
                return answers;
            }

            // Step 2
            var session = await link.ReadyAsync(cancellation);
            Follow(session);
            // Step 3
            if (session == batch.Session)
            {
                Send(batch, cancellation);
                continue;
            }

            batch.Restart();
            if (batch.Requests.Count > 0)
            {
                Begin(batch, session, cancellation);
            }
        }

        return null;
    }

    private async Task<BatchAnswers?> AnswersAsync(Batch batch, CancellationToken cancellation)
    {
        try
        {
            var reply = await batch.Call;
            if (await AnswersOfAsync(batch) is { } answers)
            {
                return answers;
            }

            if (IsTaken(reply))
            {
                // In a world-line that has ended: Redis may have lost it since.
                counters.Fail(BatchFailure.NeedsRecovery);
                batch.IsDoubtful = true;
            }
            else
            {
                Look(batch, reply);
            }
        }
        catch (RedisUnavailableException)
        {
            counters.Fail(BatchFailure.NoReply);
            batch.IsDoubtful = true;
            await Task.Delay(Pause, time, cancellation);
        }
        catch (RedisRefusedException refused)
        {
            counters.Fail(BatchFailure.Refused);
            if (!await link.IsPassingAsync(refused, cancellation))
            {
                Refuse(batch, refused);
            }
        }

        return null;
    }

    private void Follow(Session session)
    {
        if (session != _session)
        {
            _number = 0;
            Volatile.Write(ref _answered, 0);
            _session = session;
        }
    }

    /// <summary>A code that refuses the whole batch: nothing of it was executed by this sending.</summary>
    private void Look(Batch batch, RedisReply reply)
    {
        var isTooEarly = reply.Bytes.Span.StartsWith("TOO_EARLY"u8);
        if (isTooEarly && batch.IsBehind)
        {
            // The batch before it has its outcome by now.
            counters.Fail(BatchFailure.TooEarly);
            batch.IsBehind = false;
            return;
        }

        // Too early though all earlier batches were answered: Redis has lost one.
        var isSessionGone = isTooEarly || reply.Bytes.Span.StartsWith("SESSION_"u8);
        counters.Fail(isSessionGone ? BatchFailure.SessionGone : BatchFailure.NeedsRecovery);
        if (isSessionGone && batch.Session != _session)
        {
            // The batch before it heard the same and has gone on in a new session, which is not gone.
            return;
        }

        if (isSessionGone)
        {
            log.SessionWasGone(reply.ToString());
        }

        link.Invalidate(isSessionGone ? Invalidation.SessionGone : Invalidation.NeedsRecovery);
    }

    private void Refuse(Batch batch, RedisRefusedException refused)
    {
        // An error of the function itself may have come after its first write.
        batch.IsDoubtful |= refused.Code == "ERR";
        if (batch.Error is null)
        {
            batch.Error = refused;
            return;
        }

        // Not even its number can be closed, so that the session ends with it.
        link.Invalidate(Invalidation.SessionGone);
        batch.Fail(request => !(batch.IsDoubtful && request.NeverGivesUp), () => batch.Outcome(refused));
        batch.Error = null;
    }

    private void Send(Batch batch, CancellationToken cancellation)
    {
        var requests = batch.Sent;
        _partitions.Clear();
        // Under load one batch is about as large as the one before.
        var writer = new BatchWriter(keys, _partitions, Math.Min(_lastArguments, 64 * requests.Count));
        var (frees, bytes) = (true, 0L);
        for (var i = 0; i < requests.Count; i++)
        {
            writer.Add(requests[i]);
            frees &= requests[i].Frees;
            bytes += requests[i].Size;
        }

        var session = batch.Session!;
        if (requests.Count == 0)
        {
            // The check of the replication id needs a partition.
            writer.Place(session.Partition);
        }

        _lastArguments = writer.Count;
        var worldLine = link.WorldLine;
        var key = keys.Session(session.Partition, session.Id);
        var call = writer.ToCall(key, frees, batch.Number, worldLine, Session.Life, requests.Count);
        var extraTime = LargeRequests.ExtraTime(bytes);
        // Redis may still be at work on the one before.
        batch.Send(worldLine, link.CallAsync(call with { ExtraTime = extraTime + _lastExtraTime }, cancellation));
        _lastExtraTime = extraTime;
    }

    private static bool IsTaken(RedisReply reply) => reply.Bytes.Span.StartsWith("OK "u8);
}

using System.Text;
using System.Threading.Channels;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Batching;

/// <summary>
/// The one queue of a primary: all appends, steps, state writes and acknowledgements of this process go through it with one batch in
/// flight; what arrives meanwhile is the next batch. No timer and no change of thread: a request that finds nothing in flight is sent by
/// its caller, and those that were answered go on while Redis has the next batch. A batch keeps its number until its reply is known, so a
/// lost reply is resolved by sending it again. Memory: at most <see cref="MaxWaiting"/> requests and <see cref="MaxWaitingBytes"/> of
/// requests that may be refused wait here; those that never give up are bounded by what is in flight.
/// </summary>
internal sealed class BatchQueue : IAsyncDisposable
{
    public const int MaxRequests = 256;
    public const int MaxBytes = 1 << 20;
    public const int MaxWaiting = 8192;
    public const long MaxWaitingBytes = 64 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly IPrimaryLink _link;
    private readonly Keys _keys;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SupervisedLoop _loop;

    // Bounded by _waiting and _waitingBytes, which refuse before the channel would have to.
    private readonly Channel<IBatchRequest> _queue = Channel.CreateBounded<IBatchRequest>(
        new BoundedChannelOptions(2 * MaxWaiting)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait,
            AllowSynchronousContinuations = true,
        }
    );

    private int _waiting;
    private long _waitingBytes;

    // The loop's own.
    private long _number;
    private Session? _session;
    private IBatchRequest? _held;
    private List<IBatchRequest> _inFlight = [];
    private int _lastArguments;
    private List<IBatchRequest> _answered = [];
    private ReadOnlyMemory<byte> _answers;
    private int _batches;

    public BatchQueue(IPrimaryLink link, Keys keys, TimeProvider time, ILogger log)
    {
        (_link, _keys, _time, _log) = (link, keys, time, log);
        _loop = new("batches", RunAsync, time, log);
    }

    /// <summary>Batches taken so far: changes from one to the next, and rests in between.</summary>
    public int Batches => Volatile.Read(ref _batches);

    /// <summary>Begins to send; to be called once.</summary>
    public void Start() => _loop.Start();

    /// <summary>
    /// Puts a request into the queue and returns its answer. Throws <see cref="DarqException"/> where it was refused. Cancelling leaves it
    /// there: its outcome is then unknown.
    /// </summary>
    public ValueTask<T> SubmitAsync<T>(BatchRequest<T> request, CancellationToken cancellation)
    {
        if (
            !request.NeverGivesUp
            && (Volatile.Read(ref _waiting) >= MaxWaiting || Volatile.Read(ref _waitingBytes) + request.Size > MaxWaitingBytes)
        )
        {
            throw new DarqException(
                ErrorCode.Full,
                $"FULL: {MaxWaiting:N0} requests or {MaxWaitingBytes >> 20} MiB are waiting for Redis already; try again."
            );
        }

        Interlocked.Increment(ref _waiting);
        Interlocked.Add(ref _waitingBytes, request.Size);
        return _queue.Writer.TryWrite(request) ? request.AnswerAsync(cancellation) : QueueUpAsync(request, cancellation);
    }

    /// <summary>Ends the loop. Requests that are in flight or wait are told so.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _queue.Writer.TryComplete();
        foreach (var request in _inFlight)
        {
            request.Fail(Unknown("the component is stopping"));
        }

        _held?.Fail(Stopping());
        while (_queue.Reader.TryRead(out var request))
        {
            request.Fail(Stopping());
        }
    }

    private async ValueTask<T> QueueUpAsync<T>(BatchRequest<T> request, CancellationToken cancellation)
    {
        try
        {
            await _queue.Writer.WriteAsync(request, cancellation);
        }
        catch (Exception fault) when (fault is ChannelClosedException or OperationCanceledException)
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Add(ref _waitingBytes, -request.Size);
            throw fault is ChannelClosedException ? Stopping() : fault;
        }

        return await request.AnswerAsync(cancellation);
    }

    /// <summary>Sends what waits, then waits for more.</summary>
    private async Task<TimeSpan> RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                for (_inFlight = Take(); _inFlight.Count > 0; )
                {
                    _inFlight = await TrySendAsync(_inFlight, cancellation);
                    _loop.Progress();
                }

                if (_held is null && !_queue.Reader.TryPeek(out _))
                {
                    AnswerLast();
                    _loop.IsIdle = true;
                    await _queue.Reader.WaitToReadAsync(cancellation);
                    _loop.IsIdle = false;
                }
            }
        }
        finally
        {
            AnswerLast();
        }
    }

    /// <summary>
    /// A fault of ours in one batch must not end the queue for all that follow. The number it used is then missing, which
    /// the next batch learns from Redis (SESSION_GAP), and a new session goes on.
    /// </summary>
    private async Task<List<IBatchRequest>> TrySendAsync(List<IBatchRequest> batch, CancellationToken cancellation)
    {
        try
        {
            return await SendAsync(batch, cancellation);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            _log.BatchFailed(batch.Count, fault);
            foreach (var request in batch)
            {
                request.Fail(Unknown("a fault inside the component, of which its log says more", fault));
            }

            return [];
        }
    }

    private List<IBatchRequest> Take()
    {
        var batch = new List<IBatchRequest>(Math.Clamp(Volatile.Read(ref _waiting), 1, MaxRequests));
        long bytes = 0;
        while (batch.Count < MaxRequests && (_held is not null || _queue.Reader.TryRead(out _held)))
        {
            if (batch.Count > 0 && bytes + _held.Size > MaxBytes)
            {
                break;
            }

            bytes += _held.Size;
            batch.Add(_held);
            _held = null;
        }
        if (batch.Count > 0)
        {
            Interlocked.Increment(ref _batches);
        }

        Interlocked.Add(ref _waiting, -batch.Count);
        Interlocked.Add(ref _waitingBytes, -bytes);
        return batch;
    }

    /// <summary>
    /// Sends one batch until its outcome is known; returns what is left to send under another number.
    /// 1. Wait until the primary is ready, so that a recovery and its resumed lanes come first.
    /// 2. Send. No reply: the same number again. Refused at the first sending: nothing was executed, so the number is free; refused after
    /// a lost reply: the batch may have been executed, and its number is given to no other.
    /// 3. Answer each request, or react to the code that refused the whole.
    /// </summary>
    private async Task<List<IBatchRequest>> SendAsync(List<IBatchRequest> batch, CancellationToken cancellation)
    {
        var (doubtful, number, frees) = (false, 0L, batch.All(request => request.Frees));
        while (true)
        {
            // Step 1
            var ready = _link.ReadyAsync(cancellation);
            if (!ready.IsCompleted)
            {
                AnswerLast();
            }

            var session = await ready;
            if (session != _session)
            {
                // The record that knew the outcome is gone with its session.
                if (doubtful)
                {
                    batch = FailDoubtful(batch, request => request.Repeatable);
                }

                (_session, _number, doubtful, number) = (session, 0, false, 0);
                if (batch.Count == 0)
                {
                    return [];
                }
            }

            if (number == 0)
            {
                number = ++_number;
            }
            // Step 2
            RedisReply reply;
            try
            {
                var call = _link.CallAsync(Compose(batch, session, number, frees), cancellation);
                AnswerLast();
                reply = await call;
            }
            catch (RedisUnavailableException)
            {
                doubtful = true;
                await Task.Delay(Pause, _time, cancellation);
                continue;
            }
            catch (RedisRefusedException refused)
            {
                if (await _link.IsPassingAsync(refused, cancellation))
                {
                    continue;
                }

                if (doubtful)
                {
                    _link.Invalidate(Invalidation.SessionGone);
                    return FailDoubtful(batch, request => request.NeverGivesUp);
                }

                _number--;
                return Refuse(batch, refused);
            }
            // Step 3
            if (TakesAnswers(batch, reply))
            {
                return [];
            }
        }
    }

    /// <summary>Keeps the answers of a batch that took effect; of any other the primary looks at what refused the whole.</summary>
    private bool TakesAnswers(List<IBatchRequest> batch, RedisReply reply)
    {
        if (reply.Bytes.Span.StartsWith("OK "u8))
        {
            if (reply.Bytes.Span.Count((byte)'\n') is var lines && lines != batch.Count)
            {
                throw new InvalidOperationException($"A batch of {batch.Count} requests was answered with {lines} lines.");
            }

            (_answered, _answers) = (batch, reply.Bytes);
            return true;
        }

        // Too early: every earlier batch was answered, so that Redis has lost one.
        var isSessionGone = reply.Bytes.Span.StartsWith("SESSION_"u8) || reply.Bytes.Span.StartsWith("TOO_EARLY"u8);
        if (isSessionGone)
        {
            _log.SessionWasGone(reply.ToString());
        }

        _link.Invalidate(isSessionGone ? Invalidation.SessionGone : Invalidation.NeedsRecovery);
        return false;
    }

    private FunctionCall Compose(List<IBatchRequest> batch, Session session, long number, bool frees)
    {
        // Under load one batch is about as large as the one before.
        var writer = new BatchWriter(_keys, Math.Min(_lastArguments, 64 * batch.Count));
        foreach (var request in batch)
        {
            writer.Add(request);
        }

        _lastArguments = writer.Count;
        return writer.ToCall(_keys.Session(session.Partition, session.Id), frees, number, _link.WorldLine, Session.Life, batch.Count);
    }

    /// <summary>
    /// Answers the requests of the last batch, if that was not done yet: one line a request, after the first. Called when the
    /// next batch is on its way, or when nothing is. A fault in one answer is that request's alone.
    /// </summary>
    private void AnswerLast()
    {
        if (_answered.Count == 0)
        {
            return;
        }

        var batch = _answered;
        var reply = _answers.Span;
        (_answered, _answers) = ([], default);
        foreach (var request in batch)
        {
            reply = reply[(reply.IndexOf((byte)'\n') + 1)..];
            var end = reply.IndexOf((byte)'\n');
            try
            {
                request.Answer(Encoding.UTF8.GetString(end < 0 ? reply : reply[..end]));
            }
            catch (Exception fault)
            {
                _log.ReplyFailed(Encoding.UTF8.GetString(request.Name.ToBytes()), fault);
                request.Fail(Unknown("a fault inside the component, of which its log says more", fault));
            }
        }
    }

    /// <summary>Answers requests as unknown; returns those that are sent again instead.</summary>
    private static List<IBatchRequest> FailDoubtful(List<IBatchRequest> batch, Func<IBatchRequest, bool> isRepeated)
    {
        foreach (var request in batch.Where(request => !isRepeated(request)))
        {
            request.Fail(Unknown("Redis lost the record of this request, or refuses to give it"));
        }

        return [.. batch.Where(isRepeated)];
    }

    /// <summary>Out of memory: what frees goes on alone. Anything else is a setting that somebody has to change.</summary>
    private static List<IBatchRequest> Refuse(List<IBatchRequest> batch, RedisRefusedException refused)
    {
        var full = refused.Code == "OOM";
        var why = full
            ? new DarqException(ErrorCode.Full, $"FULL: Redis is at its maxmemory and takes nothing new: {refused.Message}")
            : new DarqException(ErrorCode.Misconfigured, $"MISCONFIGURED: Redis refused a batch: {refused.Message}");
        var spared = full && !batch.All(request => request.Frees);
        foreach (var request in batch.Where(request => !spared || !request.Frees))
        {
            request.Fail(why);
        }

        return spared ? [.. batch.Where(request => request.Frees)] : [];
    }

    private static DarqException Unknown(string why, Exception? fault = null) =>
        new(ErrorCode.Unavailable, $"UNAVAILABLE: {why}; whether the request took effect is unknown.", fault);

    private static DarqException Stopping() => new(ErrorCode.Unavailable, "UNAVAILABLE: the component is stopping.");
}

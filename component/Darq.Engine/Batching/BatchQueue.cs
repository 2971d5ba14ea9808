using System.Threading.Channels;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Batching;

/// <summary>
/// The one queue of a primary: all appends, steps, state writes and acknowledgements of this process go through it with at most two
/// batches in flight; what arrives meanwhile is the next one. No timer and no change of thread: a request that finds room is sent by its
/// caller, and those that were answered go on while Redis has the next batch. After any other outcome than an answer nothing new is sent
/// until both are resolved, in the order of their numbers. Memory: at most <see cref="MaxWaiting"/> requests and
/// <see cref="MaxWaitingBytes"/> of requests that may be refused wait here; those that never give up are bounded by what is in flight.
/// </summary>
internal sealed class BatchQueue : IAsyncDisposable
{
    public const int MaxRequests = 256;
    public const int MaxBytes = 1 << 20;
    public const int MaxWaiting = 8192;
    public const long MaxWaitingBytes = 64 << 20;

    private readonly IPrimaryLink _link;
    private readonly ILogger _log;
    private readonly NamespaceCounters _counters;
    private readonly BatchSender _sender;
    private readonly SupervisedLoop _loop;
    private readonly Pulse _pulse = new();
    private readonly Action _wake;
    private readonly DamageNotes _damage;

    // Bounded by _waiting and _waitingBytes, which refuse before the channel would have to.
    private readonly Channel<IBatchRequest> _queue = Channel.CreateBounded<IBatchRequest>(
        new BoundedChannelOptions(2 * MaxWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }
    );

    private readonly LargeRequests _large;

    private int _waiting;
    private long _waitingBytes;

    // The loop's own: the batch sent first, the one behind it, and the answers to give when the next is on its way.
    private Batch? _first;
    private Batch? _second;
    private BatchAnswers? _answers;

    // The loop's own: a request that the last batch had no room for.
    private IBatchRequest? _carried;
    private int _batches;

    public BatchQueue(IPrimaryLink link, Keys keys, TimeProvider time, ILogger log, NamespaceCounters? counters = null)
    {
        _counters = counters ?? new(new(""));
        (_link, _log, _sender, _large) = (link, log, new(link, keys, time, log, _counters), new(time));
        (_wake, _damage) = (_pulse.Set, new(log));
        _loop = new("batches", RunAsync, time, log) { Subject = _counters.Labels };
    }

    /// <summary>Batches taken so far: changes from one to the next, and rests in between.</summary>
    public int Batches => Volatile.Read(ref _batches);

    /// <summary>Requests that are not sent yet.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>As <see cref="BatchSender.AnsweredOf"/>. Safe to call from any thread.</summary>
    public long AnsweredOf(Session session) => _sender.AnsweredOf(session);

    /// <summary>Begins to send; to be called once.</summary>
    public void Start() => _loop.Start();

    /// <summary>
    /// Puts a request into the queue and returns its answer. Throws <see cref="DarqException"/> where it was refused. Cancelling leaves it
    /// there: its outcome is then unknown.
    /// </summary>
    public ValueTask<T> SubmitAsync<T>(BatchRequest<T> request, CancellationToken cancellation)
    {
        if (IsLarge(request))
        {
            return SubmitLargeAsync(request, cancellation);
        }

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
        if (!_queue.Writer.TryWrite(request))
        {
            return QueueUpAsync(request, request, cancellation);
        }

        _pulse.Set();
        return request.AnswerAsync(cancellation);
    }

    /// <summary>Ends the loop. Requests that are in flight or wait are told so.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _queue.Writer.TryComplete();
        FailInFlight(() => Batch.Unknown("the component is stopping"));
        _carried?.Fail(Stopping());
        while (_queue.Reader.TryRead(out var request))
        {
            request.Fail(Stopping());
        }
    }

    /// <summary>Whether a request is a batch of its own that waits for its turn instead of counting as waiting.</summary>
    private static bool IsLarge(IBatchRequest request) => request.Size > MaxBytes && !request.NeverGivesUp;

    private async ValueTask<T> SubmitLargeAsync<T>(BatchRequest<T> request, CancellationToken cancellation)
    {
        var turn = await _large.EnterAsync(request, cancellation);
        Interlocked.Increment(ref _waiting);
        return await QueueUpAsync(turn, request, cancellation);
    }

    /// <summary>Waits for a place in the queue, then for the answer.</summary>
    private async ValueTask<T> QueueUpAsync<T>(IBatchRequest queued, BatchRequest<T> request, CancellationToken cancellation)
    {
        try
        {
            await _queue.Writer.WriteAsync(queued, cancellation);
        }
        catch (Exception fault) when (fault is ChannelClosedException or OperationCanceledException)
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Add(ref _waitingBytes, -WeightOf(queued));
            var why = fault is ChannelClosedException ? Stopping() : fault;
            queued.Fail(why);
            throw why;
        }

        _pulse.Set();
        return await request.AnswerAsync(cancellation);
    }

    /// <summary>Sends what waits and handles replies in the order of their numbers, as long as nothing fails.</summary>
    private async Task<TimeSpan> RunAsync(CancellationToken cancellation)
    {
        await using var stopping = cancellation.UnsafeRegister(static pulse => ((Pulse)pulse!).Set(), _pulse);
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                if (_first is { Call.IsCompleted: true } ended)
                {
                    await EndAsync(ended, cancellation);
                }

                await FillAsync(cancellation);
                GiveAnswers();
                if (_first is not { Call.IsCompleted: true })
                {
                    await WaitAsync();
                }
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // A fault of ours must not end the queue for all that follow. What the numbers in flight became is not known.
            _log.BatchFailed((_first?.Requests.Count ?? 0) + (_second?.Requests.Count ?? 0), fault);
            FailInFlight(() => Batch.Unknown("a fault inside the component, of which its log says more", fault));
            _link.Invalidate(Invalidation.SessionGone);
            return TimeSpan.Zero;
        }
        finally
        {
            GiveAnswers();
        }
    }

    /// <summary>The first batch has its reply, or none: keeps its answers, or resolves it. The second one is the first then.</summary>
    private async Task EndAsync(Batch ended, CancellationToken cancellation)
    {
        var answers = await _sender.AnswersOfAsync(ended);
        if (answers is null)
        {
            GiveAnswers();
            if (_second is not null)
            {
                await ((Task)_second.Call).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
                );
            }

            answers = await _sender.ResolveAsync(ended, cancellation);
        }

        _counters.Batches.Add();
        _counters.Requests.Add(answers?.Requests.Count ?? 0);
        (_first, _second, _answers) = (_second, null, answers);
        _loop.Progress();
    }

    /// <summary>
    /// Sends what waits, while fewer than two batches are out and nothing speaks against it. A second one goes when as much waits as the
    /// first has: two of about one size keep Redis at work, and many small ones would cost more than they gain.
    /// </summary>
    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        while (_second is null && IsWorthSending())
        {
            var ready = _link.ReadyAsync(cancellation);
            if (!ready.IsCompletedSuccessfully)
            {
                GiveAnswers();
                if (_first is not null)
                {
                    return;
                }
            }

            var session = await ready;
            if (_first is not null && (_first.Call.IsCompleted || !_sender.Continues(session)))
            {
                return;
            }

            var batch = new Batch(Take()) { IsBehind = _first is not null };
            (_first, _second) = _first is null ? (batch, null) : (_first, batch);
            _sender.Begin(batch, session, cancellation);
            batch.Call.ConfigureAwait(true).GetAwaiter().UnsafeOnCompleted(_wake);
        }
    }

    private bool IsWorthSending() =>
        (_carried is not null || _queue.Reader.TryPeek(out _))
        && (_first is null || Volatile.Read(ref _waiting) >= _first.Requests.Count || Volatile.Read(ref _waitingBytes) >= MaxBytes);

    private async ValueTask WaitAsync()
    {
        if (_first is not null)
        {
            await _pulse.WaitAsync();
            return;
        }

        _loop.IsIdle = true;
        await _pulse.WaitAsync();
        _loop.IsIdle = false;
    }

    private List<IBatchRequest> Take()
    {
        var batch = new List<IBatchRequest>(Math.Clamp(Volatile.Read(ref _waiting), 1, MaxRequests));
        var (bytes, weight) = (0L, 0L);
        while (batch.Count < MaxRequests && (_carried is not null || _queue.Reader.TryRead(out _carried)))
        {
            if (batch.Count > 0 && bytes + _carried.Size > MaxBytes)
            {
                break;
            }

            bytes += _carried.Size;
            weight += WeightOf(_carried);
            batch.Add(_carried);
            _carried = null;
        }

        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _waiting, -batch.Count);
        Interlocked.Add(ref _waitingBytes, -weight);
        return batch;
    }

    /// <summary>What a request weighs in the bound of those that wait.</summary>
    private static int WeightOf(IBatchRequest request) => IsLarge(request) ? 0 : request.Size;

    /// <summary>Once: when the next batch is on its way, or when nothing is.</summary>
    private void GiveAnswers()
    {
        var answers = _answers;
        _answers = null;
        answers?.Give(_log, _damage);
    }

    private void FailInFlight(Func<DarqException> why)
    {
        _first?.Fail(_ => true, why);
        _second?.Fail(_ => true, why);
        (_first, _second) = (null, null);
    }

    private static DarqException Stopping() => new(ErrorCode.Unavailable, "UNAVAILABLE: the component is stopping.");
}

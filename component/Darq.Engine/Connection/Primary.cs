using System.Runtime.CompilerServices;
using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Connection;

/// <summary>
/// One Redis primary for one namespace: makes the handshakes (checks, recovery, session), owns the batch queue, and gates every
/// call. Shared by all instances of this process with the same settings.
/// </summary>
internal sealed partial class Primary : IPrimaryLink, IObservedPrimary, IAsyncDisposable
{
    /// <summary>Longest pause between two attempts to reach Redis.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(5);

    private readonly IRedis _redis;
    private readonly NamespaceOptions _options;
    private readonly ILogger _log;
    private readonly Handshake _handshake;
    private readonly BatchQueue _queue;
    private readonly CallTimeout _callTimeout;
    private readonly StreamReads _reads;
    private readonly AsyncManualResetEvent<Session> _ready = new();
    private readonly Lock _lock = new();
    private readonly SupervisedLoop _handshaking;
    private readonly Outage _outage;
    private readonly LastingErrors _lasting;
    private readonly DurabilityMonitor _durability;

    // Under _lock.
    private DarqException? _refused;
    private int _sessionsLost;
    private int _sessionsReplaced;

    // Written under _lock.
    private volatile Session? _session;

    private readonly int _firstBatch;
    private long _worldLine;
    private int _disposed;

    public Primary(IRedis redis, NamespaceOptions options, TimeProvider time, Random random, ILoggerFactory logs)
    {
        (_redis, _options, Time) = (redis, options, time);
        Keys = new(options.Name, options.Partitions);
        Counters = EngineCounters.Namespaces.Of(options.Name);
        _log = logs.CreateLogger("Darq.Engine.Connection");
        _handshake = new(redis, Keys, options, random);
        (_queue, _reads) = (new(this, Keys, time, _log, Counters), new(redis, Keys));
        (_outage, _lasting) = (new(redis, time, _log), new(redis, time, _log));
        _firstBatch = random.Next(options.Partitions);
        _callTimeout = new(options.CallTimeout, time);
        (Ids, Applied) = (new(random), new(options.Partitions, OnLateLoss));
        Watermark = new(redis, this, Applied, Keys, time, _log, Counters) { Stalled = count => _durability!.OnStalled(count) };
        Hold = new(redis, Keys, options, Watermark, _log);
        _durability = new(redis, this, options, Watermark, Hold, time, _log, Counters);
        Durable = new(Watermark, Applied, _callTimeout);
        _redis.Reconnected += OnReconnected;
        _handshaking = new("handshake", HandshakeRoundAsync, time, _log)
        {
            ShortestPause = ShortestPause,
            LongestPause = LongestPause,
            Report = (fault, _) => _outage.Failed(fault),
            Subject = Counters.Labels,
        };
        _handshaking.Start();
        _queue.Start();
        _durability.Start();
        LiveObjects.Enter(this);
    }

    /// <summary>A batch of this process appended a message that never expires. Handlers return at once and do not throw.</summary>
    public event Action<AppendedMessage>? Appended;

    public Keys Keys { get; }

    public TimeProvider Time { get; }

    /// <summary>What this process counts of the namespace.</summary>
    public NamespaceCounters Counters { get; }

    public int RequestsWaiting => _queue.Waiting;

    public bool IsDurable => Watermark.Rung.IsDurable;

    public TimeSpan DurabilityStalledFor => Watermark.StalledFor;

    public bool IsHeld => Watermark.IsHeld;

    /// <summary>Ids of messages that come without one.</summary>
    public MessageIds Ids { get; }

    /// <summary>The highest positions that replies to this process named.</summary>
    public AppliedPositions Applied { get; }

    /// <summary>What of them is durable.</summary>
    public Watermark Watermark { get; }

    /// <summary>What keeps it shut after a broken promise.</summary>
    public ReleaseHold Hold { get; }

    /// <summary>Answers that wait for it.</summary>
    public DurableAnswers Durable { get; }

    /// <summary>Replication id of the server at the last handshake.</summary>
    public string ReplicationId { get; private set; } = "";

    public long WorldLine => Volatile.Read(ref _worldLine);

    public bool Ready => _ready.IsOpen && _redis.Connected;

    /// <summary>Where its data are, in words.</summary>
    public string Place => $"namespace '{_options.Name}' of Redis at {_redis.Address}";

    /// <summary>The session that this process works under; null before the first.</summary>
    public string? SessionId => _session?.Id;

    /// <summary>Whether calls are served, and else why not.</summary>
    public PrimaryStatus Status =>
        new(
            _options.Name,
            _redis.Address,
            Ready ? _lasting.Describe() : WhyAway().Message,
            _outage.ReadyFor,
            Watermark.Rung,
            Watermark.WhyStalled
        );

    /// <summary>
    /// To be called now and then: logs that Redis is away, at once and then every 30 seconds, and that it takes calls again. A lost
    /// connection raises no event here.
    /// </summary>
    public void Watch()
    {
        if (Ready)
        {
            _lasting.Watch();
        }
        else
        {
            _outage.Watch();
        }
    }

    /// <summary>Batches begun so far, counted from a number that differs from process to process.</summary>
    public int Batches => _firstBatch + _queue.Batches;

    /// <summary>Raises <see cref="Appended"/>, so that subscriptions need not read the message back.</summary>
    public void Announce(AppendedMessage message)
    {
        try
        {
            Appended?.Invoke(message);
        }
        catch (Exception fault)
        {
            // The message is in its stream: the subscription that failed here finds it by reading.
            _log.AppendedFailed(message.Topic, fault);
        }
    }

    /// <summary>Throws <see cref="DarqException"/> (Unavailable or Misconfigured) unless Redis answers now.</summary>
    public async Task PingAsync(CancellationToken cancellation) =>
        await ReadAsync(() => new(FunctionLibrary.Function("build"), null, [], ReadOnly: true), cancellation);

    /// <summary>
    /// Sends a request through the batch queue. Throws at once while Redis is known to be away, unless the request never gives up.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T> SubmitAsync<T>(BatchRequest<T> request, CancellationToken cancellation)
    {
        if (request.NeverGivesUp)
        {
            return await _queue.SubmitAsync(request, cancellation);
        }

        ThrowIfAway();
        if (LargeRequests.ExtraTime(request.Size) is var extra && extra > TimeSpan.Zero)
        {
            return await SubmitLargeAsync(request, extra, cancellation);
        }

        using var timeout = _callTimeout.Begin(cancellation);
        try
        {
            return await _queue.SubmitAsync(request, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NoAnswer();
        }
    }

    /// <summary>Has the time of its own call and of those whose turn comes before.</summary>
    private async Task<T> SubmitLargeAsync<T>(BatchRequest<T> request, TimeSpan extra, CancellationToken cancellation)
    {
        var turns = LargeRequests.ExtraTime(LargeRequests.MaxWaitingBytes);
        using var deadline = new CancellationTokenSource(_options.CallTimeout + extra + turns, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return await _queue.SubmitAsync(request, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NoAnswer();
        }
    }

    /// <summary>
    /// Runs a call that is safe to repeat and is not part of a batch: reads, claims, tails. Where a recovery is needed, waits for it and
    /// composes the call again under its world-line. Throws <see cref="DarqException"/> when Redis is away, answers with an error, or
    /// gives no answer in time.
    /// </summary>
    public async Task<RedisReply> ReadAsync(Func<FunctionCall> call, CancellationToken cancellation)
    {
        ThrowIfAway();
        using var timeout = _callTimeout.Begin(cancellation);
        try
        {
            return await ReadWithinAsync(call, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NoAnswer();
        }
    }

    public Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation) => _redis.CallAsync(call, cancellation);

    public Task<StreamSlice> ReadStreamAsync(int partition, string topic, string afterId, int maxCount, CancellationToken cancellation) =>
        _reads.ReadAsync(partition, topic, afterId, maxCount, cancellation);

    public Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> channels,
        Action<string, string> received,
        CancellationToken cancellation
    ) => _redis.SubscribeAsync(channels, received, cancellation);

    public async Task<Session> ReadyAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await WaitForSessionAsync(cancellation);
            }
            catch (DarqException)
            {
                // Misconfigured: a caller that waits here (an acknowledgement) waits until an operator corrects it.
                await Task.Delay(LongestPause, Time, cancellation);
            }
        }
    }

    public void Invalidate(Invalidation why)
    {
        lock (_lock)
        {
            _sessionsLost += why == Invalidation.SessionGone ? 1 : 0;
            if (!_ready.IsOpen)
            {
                return;
            }

            _ready.Close();
        }
        _handshaking.Wake();
    }

    public async Task<bool> IsPassingAsync(RedisRefusedException refused, CancellationToken cancellation)
    {
        if (Handshake.IsMissingFunction(refused))
        {
            Invalidate(Invalidation.LibraryMissing);
            return true;
        }
        if (!refused.IsAway)
        {
            return false;
        }

        _lasting.Note(refused);
        if (refused.Code == "READONLY")
        {
            // It is a replica now: the handshake looks for the primary, or waits.
            Invalidate(Invalidation.NeedsRecovery);
        }

        await Task.Delay(ShortestPause, Time, cancellation);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        LiveObjects.Leave(this);
        _redis.Reconnected -= OnReconnected;
        await _handshaking.DisposeAsync();
        await _durability.DisposeAsync();
        await Watermark.DisposeAsync();
        await _queue.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private async Task<Session> WaitForSessionAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_refused is not null && !_ready.IsOpen)
            {
                throw _refused;
            }
        }
        return await _ready.WaitAsync(cancellation);
    }

    private void ThrowIfAway()
    {
        // What is called as soon as the process has started waits for its first connection, as long as a call may take.
        var mayCome = _redis.Connected || _outage.IsFirstAttempt;
        lock (_lock)
        {
            if (_ready.IsOpen ? _redis.Connected : mayCome && _refused is null)
            {
                return;
            }
        }

        throw WhyAway();
    }

    private DarqException WhyAway()
    {
        lock (_lock)
        {
            if (_refused is { } refused && !_ready.IsOpen)
            {
                return refused;
            }
        }

        return new DarqException(ErrorCode.Unavailable, $"UNAVAILABLE: {_outage.Describe()}.");
    }

    private async ValueTask<RedisReply> ReadWithinAsync(Func<FunctionCall> call, CancellationToken cancellation)
    {
        while (true)
        {
            if (!_ready.IsOpen)
            {
                await ReadyAsync(cancellation);
            }

            try
            {
                var reply = await CallAsync(call(), cancellation);
                if (!reply.Bytes.Span.SequenceEqual("NEEDS_RECOVERY"u8))
                {
                    return reply;
                }

                Invalidate(Invalidation.NeedsRecovery);
            }
            catch (RedisRefusedException refused)
            {
                if (!await IsPassingAsync(refused, cancellation))
                {
                    throw new DarqException(ErrorCode.Misconfigured, $"MISCONFIGURED: Redis refused a call: {refused.Message}");
                }
            }
            catch (RedisUnavailableException fault)
            {
                throw new DarqException(ErrorCode.Unavailable, $"UNAVAILABLE: {fault.Message}", fault);
            }
        }
    }

    private void OnReconnected() => Invalidate(Invalidation.Reconnected);
}

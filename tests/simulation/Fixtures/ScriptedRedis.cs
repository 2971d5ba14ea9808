using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Tests.Simulation.Fixtures;

/// <summary>A connection that does to the next batches and reads what the test says.</summary>
internal sealed class ScriptedRedis(IRedis redis) : IRedis
{
    private readonly Queue<Func<Func<Task<RedisReply>>, Task<RedisReply>>> _batches = new();
    private TaskCompletionSource? _held;

    public event Action? Reconnected
    {
        add => redis.Reconnected += value;
        remove => redis.Reconnected -= value;
    }

    public string Address => redis.Address;

    public string? WhyAway => redis.WhyAway;

    public bool Connected => redis.Connected;

    /// <summary>Whether what is published on channels is lost on the way.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Whether no call reaches the server.</summary>
    public bool IsAway { get; set; }

    /// <summary>Whether asking what the server's answers are worth fails, this once.</summary>
    public bool FailsToDescribe { get; set; }

    /// <summary>Whether a read that the server answered is held up.</summary>
    public bool HoldsARead { get; private set; }

    /// <summary>The next batch is executed, and its reply lost.</summary>
    public void LoseNextReply() =>
        _batches.Enqueue(async call =>
        {
            await call();
            throw new RedisUnavailableException("the reply was lost");
        });

    /// <summary>The next batch is refused before it is executed.</summary>
    public void RefuseNext(string code) => _batches.Enqueue(_ => throw new RedisRefusedException(code, $"{code} refused by the test"));

    /// <summary>Whatever a read answers from now on arrives when the reads are let go.</summary>
    public void HoldReads() => _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetReadsGo()
    {
        _held?.SetResult();
        (_held, HoldsARead) = (null, false);
    }

    public Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
    {
        if (IsAway)
        {
            throw new RedisUnavailableException("the test cut the connection");
        }

        var isBatch = call.Function == FunctionLibrary.Function("batch") || call.Function == FunctionLibrary.Function("batch_free");
        return isBatch && _batches.TryDequeue(out var scripted)
            ? scripted(() => redis.CallAsync(call, cancellation))
            : redis.CallAsync(call, cancellation);
    }

    public async Task<StreamSlice> ReadAsync(string header, string streamKey, string afterId, int maxCount, CancellationToken cancellation)
    {
        var slice = await redis.ReadAsync(header, streamKey, afterId, maxCount, cancellation);
        if (_held is not { } held)
        {
            return slice;
        }

        HoldsARead = true;
        await held.Task;
        return slice;
    }

    public Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> channels,
        Action<string, string> received,
        CancellationToken cancellation
    ) =>
        redis.SubscribeAsync(
            channels,
            (channel, text) =>
            {
                if (!IsDeaf)
                {
                    received(channel, text);
                }
            },
            cancellation
        );

    public Task<ServerDescription> DescribeAsync(CancellationToken cancellation) => redis.DescribeAsync(cancellation);

    public Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation)
    {
        if (FailsToDescribe)
        {
            FailsToDescribe = false;
            throw new RedisUnavailableException("the test cut the connection");
        }

        return redis.DescribeDurabilityAsync(askReplicas, cancellation);
    }

    public Task<Confirmation> ConfirmAsync(FunctionCall tick, int replicas, bool onDisk, TimeSpan within, CancellationToken cancellation) =>
        redis.ConfirmAsync(tick, replicas, onDisk, within, cancellation);

    public Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation) =>
        redis.LoadLibraryAsync(code, replace, cancellation);

    public Task<bool> RewriteFileAsync(CancellationToken cancellation) => redis.RewriteFileAsync(cancellation);

    public ValueTask DisposeAsync() => redis.DisposeAsync();
}

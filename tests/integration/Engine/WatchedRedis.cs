using System.Collections.Concurrent;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// A connection that counts the calls of each function, can lose a reply, and can be frozen: then nothing goes out and nothing
/// comes back.
/// </summary>
internal sealed class WatchedRedis(IRedis redis) : IRedis
{
    private readonly ConcurrentDictionary<string, int> _calls = new();
    private volatile TaskCompletionSource _flowing = Flowing();
    private (string Function, Func<Task> Then)? _lost;

    public event Action? Reconnected
    {
        add => redis.Reconnected += value;
        remove => redis.Reconnected -= value;
    }

    public string Address => redis.Address;

    public string? WhyAway => redis.WhyAway;

    public bool Connected => redis.Connected;

    public int CallsOf(string function) => _calls.GetValueOrDefault(FunctionLibrary.Function(function));

    /// <summary>Until <see cref="Thaw"/>. Safe to repeat.</summary>
    public void Freeze()
    {
        if (_flowing.Task.IsCompleted)
        {
            _flowing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Thaw() => _flowing.TrySetResult();

    /// <summary>The next call of the function is executed; then something happens, and its reply is lost.</summary>
    public void LoseReply(string function, Func<Task> then) => _lost = (FunctionLibrary.Function(function), then);

    public async Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
    {
        _calls.AddOrUpdate(call.Function, 1, (_, count) => count + 1);
        await _flowing.Task.WaitAsync(cancellation);
        var reply = await redis.CallAsync(call, cancellation);
        await _flowing.Task.WaitAsync(cancellation);
        if (_lost is not { } lost || lost.Function != call.Function)
        {
            return reply;
        }

        _lost = null;
        await lost.Then();
        throw new RedisUnavailableException("the reply was lost");
    }

    public async Task<StreamSlice> ReadAsync(string header, string streamKey, string afterId, int maxCount, CancellationToken cancellation)
    {
        await _flowing.Task.WaitAsync(cancellation);
        return await redis.ReadAsync(header, streamKey, afterId, maxCount, cancellation);
    }

    public Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> channels,
        Action<string, string> received,
        CancellationToken cancellation
    ) => redis.SubscribeAsync(channels, received, cancellation);

    public Task<ServerDescription> DescribeAsync(CancellationToken cancellation) => redis.DescribeAsync(cancellation);

    public Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation) =>
        redis.DescribeDurabilityAsync(askReplicas, cancellation);

    public Task<Confirmation> ConfirmAsync(FunctionCall tick, int replicas, bool onDisk, TimeSpan within, CancellationToken cancellation) =>
        redis.ConfirmAsync(tick, replicas, onDisk, within, cancellation);

    public Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation) =>
        redis.LoadLibraryAsync(code, replace, cancellation);

    public Task<bool> RewriteFileAsync(CancellationToken cancellation) => redis.RewriteFileAsync(cancellation);

    public ValueTask DisposeAsync()
    {
        Thaw();
        return redis.DisposeAsync();
    }

    private static TaskCompletionSource Flowing()
    {
        var flowing = new TaskCompletionSource();
        flowing.SetResult();
        return flowing;
    }
}

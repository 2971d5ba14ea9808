using Darq.Engine.Redis;

namespace Darq.Tests.Unit.Connection;

/// <summary>A server that does nothing but what a test overrides; anything else it was not made for throws.</summary>
internal abstract class StubRedis : IRedis
{
    public event Action? Reconnected
    {
        add { }
        remove { }
    }

    public string Address => "stub:6379";

    public string? WhyAway { get; set; }

    public virtual bool Connected => true;

    public virtual Task<ServerDescription> DescribeAsync(CancellationToken cancellation) => throw Unexpected();

    public virtual Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation) => throw Unexpected();

    public Task<StreamSlice> ReadAsync(string header, string streamKey, string afterId, int maxCount, CancellationToken cancellation) =>
        throw Unexpected();

    public Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> channels,
        Action<string, string> heard,
        CancellationToken cancellation
    ) => throw Unexpected();

    public virtual Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation) =>
        Task.FromResult(new DurabilityFacts());

    public virtual Task<Confirmation> ConfirmAsync(
        FunctionCall tick,
        int replicas,
        bool onDisk,
        TimeSpan within,
        CancellationToken cancellation
    ) => throw Unexpected();

    public Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation) => throw Unexpected();

    public virtual Task<bool> RewriteFileAsync(CancellationToken cancellation) => throw Unexpected();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>What a call throws that the test does not override.</summary>
    protected virtual Exception Unexpected() => new NotSupportedException();
}

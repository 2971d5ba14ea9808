using Darq.Lanes;
using Darq.Partitions;
using Darq.Redis;

namespace Darq.Hosting;

/// <summary>What the instances on one Redis and namespace share: the primary with its batch queue, and the lanes held through it.</summary>
internal sealed class Engine(Primary primary, Subscriptions subscriptions) : IAsyncDisposable
{
    public Primary Primary { get; } = primary;

    public Subscriptions Subscriptions { get; } = subscriptions;

    /// <summary>Streams first, so that what they were answered is still passed; then the queue and the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await Subscriptions.DisposeAsync();
        await Primary.DisposeAsync();
    }
}

/// <summary>
/// The engines of this process. Instances with the same connection and namespace share one, so that a token from one is
/// good at the other and a lane is held once; the last to return it ends it.
/// </summary>
internal sealed class EnginePool(Func<RedisOptions, IRedis> connect, TimeProvider time, Random random, ILoggerFactory logs) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(RedisOptions, string), Shared> _shared = [];

    /// <summary>Throws <see cref="DarqException"/> (Misconfigured) where another instance uses the namespace with another number of partitions.</summary>
    public EngineLease Rent(RedisOptions redis, NamespaceOptions options)
    {
        lock (_lock)
        {
            var key = (redis with { DialTimeout = default, CallTimeout = default }, options.Name);
            if (!_shared.TryGetValue(key, out var shared)) _shared[key] = shared = new(Create(redis, options), options.Partitions);
            if (shared.Partitions != options.Partitions)
                throw new DarqException(Refusal.Misconfigured, $"MISCONFIGURED: partitions is {options.Partitions}, but another component of this sidecar uses namespace '{options.Name}' with {shared.Partitions}; give both the same.");
            shared.Leases++;
            return new(shared.Engine, () => ReturnAsync(key));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Shared[] left;
        lock (_lock)
        {
            left = [.. _shared.Values];
            _shared.Clear();
        }
        foreach (var shared in left) await shared.Engine.DisposeAsync();
    }

    private Engine Create(RedisOptions redis, NamespaceOptions options)
    {
        var primary = new Primary(connect(redis), options, time, random, logs);
        return new(primary, new(primary, time, random, logs));
    }

    private async ValueTask ReturnAsync((RedisOptions, string) key)
    {
        Shared? ended = null;
        lock (_lock)
        {
            if (_shared.TryGetValue(key, out var shared) && --shared.Leases == 0) _shared.Remove(key, out ended);
        }
        if (ended is not null) await ended.Engine.DisposeAsync();
    }

    private sealed class Shared(Engine engine, int partitions)
    {
        public Engine Engine { get; } = engine;

        public int Partitions { get; } = partitions;

        public int Leases { get; set; }
    }
}

/// <summary>A share in an engine. Disposing it gives it back; doing so again changes nothing.</summary>
internal sealed class EngineLease(Engine engine, Func<ValueTask> giveBack) : IAsyncDisposable
{
    private Func<ValueTask>? _giveBack = giveBack;

    public Engine Engine { get; } = engine;

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _giveBack, null)?.Invoke() ?? ValueTask.CompletedTask;
}

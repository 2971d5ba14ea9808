using Darq.Redis;

namespace Darq.Partitions;

/// <summary>The primaries of this process: instances on one Redis and namespace share one, so that a token from one is good at the other. The last to return it ends it.</summary>
internal sealed class PrimaryPool(Func<RedisOptions, IRedis> connect, TimeProvider time, Random random, ILoggerFactory logs) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(RedisOptions, string), Shared> _shared = [];

    public PrimaryLease Rent(RedisOptions redis, NamespaceOptions options)
    {
        lock (_lock)
        {
            var key = (redis with { DialTimeout = default, CallTimeout = default }, options.Name);
            if (!_shared.TryGetValue(key, out var shared))
                _shared[key] = shared = new(new(connect(redis), options, time, random, logs));
            else if (shared.Partitions != options.Partitions)
                throw new DarqException(Refusal.Misconfigured, $"MISCONFIGURED: partitions is {options.Partitions}, but another component of this sidecar uses namespace '{options.Name}' with {shared.Partitions}; give both the same.");
            shared.Leases++;
            return new(shared.Primary, () => ReturnAsync(key));
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
        foreach (var shared in left) await shared.Primary.DisposeAsync();
    }

    private async ValueTask ReturnAsync((RedisOptions, string) key)
    {
        Shared? ended = null;
        lock (_lock)
        {
            if (_shared.TryGetValue(key, out var shared) && --shared.Leases == 0) _shared.Remove(key, out ended);
        }
        if (ended is not null) await ended.Primary.DisposeAsync();
    }

    private sealed class Shared(Primary primary)
    {
        public Primary Primary { get; } = primary;

        public int Partitions => Primary.Keys.Partitions;

        public int Leases { get; set; }
    }
}

/// <summary>A share in a primary. Disposing it once gives it back.</summary>
internal sealed class PrimaryLease(Primary primary, Func<ValueTask> giveBack) : IAsyncDisposable
{
    private Func<ValueTask>? _giveBack = giveBack;

    public Primary Primary { get; } = primary;

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _giveBack, null)?.Invoke() ?? ValueTask.CompletedTask;
}

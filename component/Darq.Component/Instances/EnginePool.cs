using Darq.Component.Telemetry;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Component.Instances;

/// <summary>
/// The engines of this process. Instances with the same connection and namespace share one, so that a token of one is
/// valid at the other and a lane has one owner; the last to return it ends it.
/// </summary>
internal sealed class EnginePool(Func<RedisOptions, IRedis> connect, TimeProvider time, Random random, ILoggerFactory logs)
    : IAsyncDisposable
{
    private readonly ILogger _log = logs.CreateLogger<EnginePool>();
    private readonly Lock _lock = new();
    private readonly Dictionary<(RedisOptions, string, int), Shared> _shared = [];

    /// <summary>Whether the primary of every engine in use is ready; true without engines.</summary>
    public bool Ready => All.All(engine => engine.Primary.Ready);

    /// <summary>The engines in use.</summary>
    public IReadOnlyList<SharedEngine> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _shared.Values.Select(shared => shared.Engine)];
            }
        }
    }

    /// <summary>Has outages logged; to be called now and then.</summary>
    public void Watch()
    {
        foreach (var engine in All)
        {
            engine.Primary.Watch();
        }
    }

    public EngineLease Rent(RedisOptions redis, NamespaceOptions options)
    {
        var timeouts = (redis.DialTimeout, options.CallTimeout);
        lock (_lock)
        {
            // Redis decides which number of partitions is right. A pool that refused a second number would keep a corrected Init out
            // while the mistaken instance still lives.
            var key = (redis with { DialTimeout = default, CallTimeout = default }, options.Name, options.Partitions);
            if (!_shared.TryGetValue(key, out var shared))
            {
                _shared[key] = shared = new(Create(redis, options), timeouts, options.Durability);
            }
            else
            {
                SayWhatIsShared(shared, redis, options);
            }

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
        foreach (var shared in left)
        {
            await shared.Engine.DisposeAsync();
        }
    }

    /// <summary>Refused, a second level would keep a corrected Init out, as a second number of partitions would.</summary>
    private void SayWhatIsShared(Shared shared, RedisOptions redis, NamespaceOptions options)
    {
        if (shared.Timeouts != (redis.DialTimeout, options.CallTimeout))
        {
            _log.TimeoutsAreShared(options.Name, redis.Address, shared.Timeouts.Dial, shared.Timeouts.Call);
        }

        if (shared.Durability != options.Durability)
        {
            _log.DurabilityIsShared(options.Name, redis.Address, shared.Durability, options.Durability);
        }
    }

    private SharedEngine Create(RedisOptions redis, NamespaceOptions options)
    {
        var primary = new Primary(connect(redis), options, time, random, logs);
        return new(primary, new(primary, time, random, logs), session => PlaceOfOther(session, primary));
    }

    private string? PlaceOfOther(string session, Primary own) =>
        All.FirstOrDefault(engine => engine.Primary != own && engine.Primary.SessionId == session)?.Primary.Place;

    private async ValueTask ReturnAsync((RedisOptions, string, int) key)
    {
        Shared? ended = null;
        lock (_lock)
        {
            if (_shared.TryGetValue(key, out var shared) && --shared.Leases == 0)
            {
                _shared.Remove(key, out ended);
            }
        }
        if (ended is not null)
        {
            await ended.Engine.DisposeAsync();
        }
    }

    private sealed class Shared(SharedEngine engine, (TimeSpan Dial, TimeSpan Call) timeouts, DurabilityLevel durability)
    {
        public SharedEngine Engine { get; } = engine;

        public (TimeSpan Dial, TimeSpan Call) Timeouts { get; } = timeouts;

        public DurabilityLevel Durability { get; } = durability;

        public int Leases { get; set; }
    }
}

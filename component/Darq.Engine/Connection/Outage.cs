using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Connection;

/// <summary>
/// What is known of a Redis that gives no answer: whether it ever did, why the last attempt failed, and when that was said last. A wrong
/// address must not look like an outage that ends by itself.
/// </summary>
internal sealed class Outage(IRedis redis, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan SaidEvery = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();

    // Under _lock.
    private bool _hasAnswered;
    private string? _why;
    private long? _saidAt;
    private long _readySince = time.GetTimestamp();

    public TimeSpan ReadyFor
    {
        get
        {
            lock (_lock)
            {
                return time.GetElapsedTime(_readySince);
            }
        }
    }

    /// <summary>Redis answered, be it that it cannot be used.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            (_hasAnswered, _why, _saidAt, _readySince) = (true, null, null, time.GetTimestamp());
        }
    }

    /// <summary>An attempt to reach it failed.</summary>
    public void Failed(Exception fault)
    {
        lock (_lock)
        {
            // An error is an answer too.
            _hasAnswered |= fault is RedisRefusedException or RedisUnavailableException { HasAnswered: true };
            _why = fault is RedisUnavailableException { InnerException: TimeoutException } ? "no answer in time" : fault.Message;
        }

        Say();
    }

    /// <summary>It is not ready. While the first attempt to reach it is under way there is nothing to say.</summary>
    public void Watch()
    {
        if (!redis.Connected && (_hasAnswered || redis.WhyAway is not null))
        {
            Say();
        }
    }

    /// <summary>The first attempt to reach it is under way: nothing says that it is away.</summary>
    public bool IsFirstAttempt
    {
        get
        {
            lock (_lock)
            {
                return !_hasAnswered && _why is null && redis.WhyAway is null;
            }
        }
    }

    /// <summary>The state in a sentence without a full stop, for errors and readiness.</summary>
    public string Describe()
    {
        lock (_lock)
        {
            return _hasAnswered
                ? $"Redis at {redis.Address} is away ({Why()}); the component keeps trying"
                : $"No Redis has answered at {redis.Address} since start ({Why()}); check redisHost";
        }
    }

    /// <summary>Why there is no answer, in a few words.</summary>
    public string Reason
    {
        get
        {
            lock (_lock)
            {
                return Why();
            }
        }
    }

    /// <summary>At once, and then every 30 seconds as long as it lasts.</summary>
    private void Say()
    {
        string why;
        bool hasAnswered;
        lock (_lock)
        {
            if (_saidAt is { } at && time.GetElapsedTime(at) < SaidEvery)
            {
                return;
            }

            (_saidAt, why, hasAnswered) = (time.GetTimestamp(), Why(), _hasAnswered);
        }

        if (hasAnswered)
        {
            log.ConnectionWasLost(redis.Address, why);
        }
        else
        {
            log.RedisNeverAnswered(redis.Address, why);
        }
    }

    private string Why() =>
        redis.WhyAway
        ?? _why
        ?? (
            redis.Connected ? "the handshake is under way"
            : _hasAnswered ? "connection lost"
            : "connecting"
        );
}

using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Connection;

/// <summary>
/// A Redis that answers, but with an error that passes by itself or by an operator's hand (MISCONF, NOREPLICAS, BUSY, READONLY, LOADING):
/// which, and since when. Says each once when it begins and once when it is over. Safe for concurrent use.
/// </summary>
internal sealed class LastingErrors(IRedis redis, TimeProvider time, ILogger log)
{
    /// <summary>Time after the last one from which on it counts as over: what is refused is sent again far more often.</summary>
    private static readonly TimeSpan OverAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    // Under _lock.
    private RedisRefusedException? _error;
    private long _since;
    private long _last;

    public void Note(RedisRefusedException refused)
    {
        lock (_lock)
        {
            _last = time.GetTimestamp();
            if (_error?.Code == refused.Code)
            {
                return;
            }

            (_error, _since) = (refused, _last);
        }

        log.RedisRefuses(redis.Address, refused.Message);
    }

    /// <summary>The state in a sentence without a full stop, for errors and readiness; null where nothing is refused.</summary>
    public string? Describe()
    {
        lock (_lock)
        {
            return _error is null || IsOver
                ? null
                : $"Redis at {redis.Address} has refused calls for {(long)time.GetElapsedTime(_since).TotalSeconds} s ({_error.Message})";
        }
    }

    /// <summary>To be called now and then while calls are made: says that it is over.</summary>
    public void Watch()
    {
        string code;
        TimeSpan length;
        lock (_lock)
        {
            if (_error is null || !IsOver)
            {
                return;
            }

            (code, length) = (_error.Code, time.GetElapsedTime(_since));
            _error = null;
        }

        log.RedisTakesCallsAgain(redis.Address, code, length);
    }

    private bool IsOver => time.GetElapsedTime(_last) > OverAfter;
}

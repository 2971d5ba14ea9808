using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>What the queue needs of its primary.</summary>
internal interface IPrimaryLink
{
    long WorldLine { get; }

    /// <summary>Waits until calls make sense, and under which session.</summary>
    Task<Session> ReadyAsync(CancellationToken cancellation);

    Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation);

    /// <summary>A reply showed that the primary needs a handshake anew (recovery, a lost session).</summary>
    void Invalidate(string why);

    /// <summary>Whether a refusal passes by itself (loading, a missing library, a failover); waits a little if so.</summary>
    Task<bool> IsPassingAsync(RedisRefusedException refused, CancellationToken cancellation);
}

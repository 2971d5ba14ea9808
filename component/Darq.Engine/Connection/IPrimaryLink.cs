using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>Why a primary needs a handshake anew.</summary>
internal enum Invalidation
{
    /// <summary>Another server process answers.</summary>
    NeedsRecovery,

    /// <summary>Redis no longer knows the session, or what it knows of it cannot be relied on.</summary>
    SessionGone,

    LibraryMissing,

    Reconnected,
}

/// <summary>What the queue needs of its primary.</summary>
internal interface IPrimaryLink
{
    long WorldLine { get; }

    /// <summary>Waits until calls make sense, and under which session.</summary>
    Task<Session> ReadyAsync(CancellationToken cancellation);

    Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation);

    /// <summary>A reply showed that the primary needs a handshake anew.</summary>
    void Invalidate(Invalidation why);

    /// <summary>Whether a refusal passes by itself (loading, a missing library, a failover); waits a little if so.</summary>
    Task<bool> IsPassingAsync(RedisRefusedException refused, CancellationToken cancellation);
}

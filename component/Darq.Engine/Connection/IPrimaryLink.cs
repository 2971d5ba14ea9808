using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>Why a primary needs another handshake.</summary>
internal enum Invalidation
{
    /// <summary>Another server process answers.</summary>
    NeedsRecovery,

    /// <summary>Redis has no record of the session, or a wrong one.</summary>
    SessionGone,

    LibraryMissing,

    Reconnected,
}

/// <summary>The part of a primary that the batch queue and the watermark use.</summary>
internal interface IPrimaryLink
{
    long WorldLine { get; }

    /// <summary>Of the server at the last handshake.</summary>
    string ReplicationId { get; }

    /// <summary>Waits for a handshake; returns its session.</summary>
    Task<Session> ReadyAsync(CancellationToken cancellation);

    Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation);

    /// <summary>Requests another handshake, because of a reply.</summary>
    void Invalidate(Invalidation why);

    /// <summary>Whether an error ends by itself (loading, a missing library, a failover); waits a little if so.</summary>
    Task<bool> IsPassingAsync(RedisRefusedException refused, CancellationToken cancellation);
}

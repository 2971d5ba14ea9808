using Darq.Engine.Core;

namespace Darq.Engine.Connection;

/// <summary>
/// What a handshake learned: the world-line, the replication id, and what of each partition survived the last change of process.
/// </summary>
internal sealed record HandshakeResult(long WorldLine, string ReplicationId, bool Moved, IReadOnlyList<Position> Survived, Session Session);

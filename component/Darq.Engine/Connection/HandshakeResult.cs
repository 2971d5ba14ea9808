using Darq.Engine.Core;

namespace Darq.Engine.Connection;

/// <summary>
/// The result of a handshake: the world-line, the replication id, and how far each partition survived the last change of process.
/// </summary>
internal sealed record HandshakeResult(long WorldLine, string ReplicationId, bool Moved, IReadOnlyList<Position> Survived, Session Session);

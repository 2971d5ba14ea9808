using Darq.Engine.Core;

namespace Darq.Engine.Connection;

/// <summary>
/// The result of a handshake: the world-line, the replication id, and how far each partition survived the last change of process.
/// </summary>
/// <param name="WorldLine">The one that all calls name from now on.</param>
/// <param name="ReplicationId">Of the server process.</param>
/// <param name="Survived">Of each partition, up to where it has what was applied before; all of it where the header is damaged.</param>
/// <param name="Damaged">Headers that are damaged, and how.</param>
/// <param name="Session">The session that is open now.</param>
internal sealed record HandshakeResult(
    long WorldLine,
    string ReplicationId,
    IReadOnlyList<Position> Survived,
    IReadOnlyList<string> Damaged,
    Session Session
)
{
    /// <summary>The identity of the data.</summary>
    public string Identity { get; init; } = "";

    /// <summary>Whether it is not known any more what survived of this process' world-line: all that it knew counts as lost.</summary>
    public bool Forgotten { get; init; }

    /// <summary>The identity of the data that these have replaced with an operator's consent; null where they are the same.</summary>
    public string? Replaced { get; init; }

    /// <summary>Why a server that was started again does not write its append-only file anew; null where it does, or need not.</summary>
    public string? KeepsFile { get; init; }
}

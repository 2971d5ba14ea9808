using Darq.Engine.Core;

namespace Darq.Engine.Durability;

/// <summary>The level that is in force on a server at the moment.</summary>
/// <param name="Level">Never <see cref="DurabilityKind.Auto"/>.</param>
/// <param name="AtRisk">What a power cut of the primary would take now, in words.</param>
internal sealed record DurabilityRung(DurabilityLevel Level, string AtRisk)
{
    /// <summary>Before a server was asked.</summary>
    public static readonly DurabilityRung Unknown = new(new(DurabilityKind.Reply), "whatever Redis has not written to its disk");

    /// <summary>Whether a reply says nothing yet, so that rounds have to confirm what was applied.</summary>
    public bool NeedsRounds => Level.Replicas > 0;

    /// <summary>Whether something outside Redis' memory vouches for what was answered.</summary>
    public bool IsDurable => Level.Kind != DurabilityKind.Reply;

    /// <summary>Whether replicas have to flush, and not only to receive.</summary>
    public bool NeedsFlush => Level.Kind == DurabilityKind.ReplicaFsync;
}

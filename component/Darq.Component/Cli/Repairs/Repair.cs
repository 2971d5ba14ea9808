using Darq.Engine.Redis;

namespace Darq.Component.Cli.Repairs;

/// <summary>What would mend a finding: shown first, and made only if what it rests on is unchanged since.</summary>
/// <param name="What">What is done, and what that costs.</param>
/// <param name="Key">The key that it is about.</param>
/// <param name="Change">The change in Redis.</param>
internal sealed record Repair(string What, string Key, GuardedChange Change)
{
    /// <summary>
    /// Whether a running component holds in memory what this changes, so that it has to look again.
    /// </summary>
    public bool ConcernsOwners { get; init; }
}

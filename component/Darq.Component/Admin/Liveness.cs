using Darq.Engine.Telemetry;

namespace Darq.Component.Admin;

/// <summary>
/// Whether a restart of the process would help: a loop has ended that its owner did not end. Nothing else counts, because a restart of
/// the component alone costs the sidecar its subscriptions.
/// </summary>
internal static class Liveness
{
    public static LivenessReport Report()
    {
        string[] dead = [.. LoopMetrics.All.Where(loop => loop.IsDead).Select(loop => loop.Name).Distinct().Order(StringComparer.Ordinal)];
        return new(dead.Length == 0, [.. dead.Select(name => $"loop '{name}' has ended on a fault inside the component; restart the pod")]);
    }
}

/// <param name="Alive">Whether no loop has died.</param>
/// <param name="Reasons">Which have.</param>
internal sealed record LivenessReport(bool Alive, IReadOnlyList<string> Reasons);

using Darq.Component.Host;
using Darq.Engine.Telemetry;

namespace Darq.Component.Admin;

/// <summary>
/// Whether a restart of the process would help: a loop has ended that its owner did not end, or no sidecar finds the socket any more.
/// Nothing else counts, because a restart of the component alone costs the sidecar its subscriptions.
/// </summary>
internal static class Liveness
{
    public static LivenessReport Report(SocketWatch socket)
    {
        string[] dead = [.. LoopMetrics.All.Where(loop => loop.IsDead).Select(loop => loop.Name).Distinct().Order(StringComparer.Ordinal)];
        string[] reasons =
        [
            .. dead.Select(name => $"loop '{name}' has ended on a fault inside the component; restart the pod"),
            .. socket.Why is { } why ? [why] : Array.Empty<string>(),
        ];
        return new(reasons.Length == 0, reasons);
    }
}

/// <param name="Alive">Whether there are no reasons against it.</param>
/// <param name="Reasons">All of them, in sentences.</param>
internal sealed record LivenessReport(bool Alive, IReadOnlyList<string> Reasons);

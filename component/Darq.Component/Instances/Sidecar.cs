using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Component.Instances;

/// <summary>
/// A sidecar as the component sees it: a process with all its connections, or one connection where the process is hidden. Belongs to
/// the <see cref="SidecarTable"/>; every connection carries the one that it came from.
/// </summary>
internal sealed class Sidecar(SidecarProcess process)
{
    public SidecarProcess Process { get; } = process;

    /// <summary>The app behind it.</summary>
    public AppPresence App { get; } = new();

    // Under the table's lock.

    public Dictionary<InstanceKey, Instance> Instances { get; } = [];

    public int OpenConnections { get; set; }
}

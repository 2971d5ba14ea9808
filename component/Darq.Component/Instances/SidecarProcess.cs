using System.Text.Json.Serialization;

namespace Darq.Component.Instances;

/// <summary>
/// The process of a sidecar: its id, and when it started, because ids are used again. The default value is a hidden process: from
/// inside a container those outside of it cannot be told apart.
/// </summary>
/// <param name="Id">The process id; 0 where it is hidden.</param>
/// <param name="StartTicks">Clock ticks from the boot of the machine to the start of the process.</param>
internal readonly record struct SidecarProcess(int Id, long StartTicks)
{
    [JsonIgnore]
    public bool IsHidden => Id == 0;

    public override string ToString() => IsHidden ? "a hidden process" : $"process {Id}";
}

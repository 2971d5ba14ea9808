namespace Darq.Sidecar.Components;

/// <summary>The component services that a socket may offer and that this sidecar uses.</summary>
internal enum ComponentKind
{
    PubSub,
    StateStore,
    InputBinding,
    OutputBinding,
}

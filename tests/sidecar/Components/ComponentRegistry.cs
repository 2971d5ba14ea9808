using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Components;

/// <summary>A loaded resource as /v1.0/metadata lists it.</summary>
internal sealed record LoadedComponent(ComponentManifest Manifest, IReadOnlyList<string> Capabilities);

/// <summary>
/// The components that came up, by name; filled during the start, in the order of the resources, and read-only afterwards.
/// </summary>
internal sealed class ComponentRegistry
{
    public Dictionary<string, PubSubComponent> PubSubs { get; } = [];

    public Dictionary<string, StateComponent> Stores { get; } = [];

    public List<InputBindingComponent> Inputs { get; } = [];

    public Dictionary<string, OutputBindingComponent> Outputs { get; } = [];

    public List<LoadedComponent> Loaded { get; } = [];

    /// <summary>Forgets a component that came up too late; its connections close with the process.</summary>
    public void Remove(string name)
    {
        PubSubs.Remove(name);
        Stores.Remove(name);
        Inputs.RemoveAll(input => input.Name == name);
        Outputs.Remove(name);
    }

    /// <summary>Closes every connection.</summary>
    public void Close()
    {
        IEnumerable<IDisposable> all = [.. PubSubs.Values, .. Stores.Values, .. Inputs, .. Outputs.Values];
        foreach (var component in all)
        {
            component.Dispose();
        }
    }
}

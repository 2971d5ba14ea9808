namespace Darq.Engine.Redis;

/// <summary>The facts about a server that decide whether the component can use it.</summary>
internal sealed record ServerDescription(
    string Product,
    Version Version,
    string Role,
    string EvictionPolicy,
    bool AppendOnly,
    bool ClusterEnabled
);

namespace Darq.Engine.Redis;

/// <summary>What a server says of itself and what of that decides whether the component can work on it.</summary>
internal sealed record ServerDescription(
    string Product,
    Version Version,
    string Role,
    string EvictionPolicy,
    bool AppendOnly,
    bool ClusterEnabled
);

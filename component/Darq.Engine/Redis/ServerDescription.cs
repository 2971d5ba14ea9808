namespace Darq.Engine.Redis;

/// <summary>The facts about a server that decide whether the component can use it.</summary>
internal sealed record ServerDescription(
    string Product,
    Version Version,
    string Role,
    string EvictionPolicy,
    bool AppendOnly,
    bool ClusterEnabled
)
{
    /// <summary>Of this server process and its data.</summary>
    public string ReplicationId { get; init; } = "";

    /// <summary>Whether it appends to the file that it had at its start: no rewrite has begun since.</summary>
    public bool HasLoadedFile { get; init; }
}

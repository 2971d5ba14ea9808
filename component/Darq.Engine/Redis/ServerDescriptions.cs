namespace Darq.Engine.Redis;

/// <summary>Reads the text of INFO.</summary>
internal static class ServerDescriptions
{
    public static ServerDescription Parse(string info)
    {
        var fields = Fields(info);
        string Field(string name) => fields.GetValueOrDefault(name, "");
        // Valkey reports redis_version 7.2.4 for old clients.
        var isValkey = Field("server_name") == "valkey";
        return new(
            isValkey ? "Valkey" : "Redis",
            Version.TryParse(isValkey ? Field("valkey_version") : Field("redis_version"), out var version) ? version : new(0, 0),
            Field("role"),
            Field("maxmemory_policy"),
            Field("aof_enabled") == "1",
            Field("cluster_enabled") == "1"
        )
        {
            ReplicationId = Field("master_replid"),
            HasLoadedFile =
                Field("aof_enabled") == "1" && Field("aof_last_rewrite_time_sec") == "-1" && Field("aof_rewrite_in_progress") == "0",
        };
    }

    /// <summary>The values of INFO, or of another command that answers in its form, by name.</summary>
    public static Dictionary<string, string> Fields(string info)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in info.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                fields[line[..colon]] = line[(colon + 1)..].Trim();
            }
        }

        return fields;
    }
}

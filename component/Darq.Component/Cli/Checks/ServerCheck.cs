using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Engine.Connection;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Checks;

/// <summary>Whether the component accepts this server at all: version, role, cluster, function library.</summary>
internal static class ServerCheck
{
    public static IEnumerable<Finding> Judge(ServerFacts facts)
    {
        var server = facts.Server;
        var oldest = server.Product == "Valkey" ? Handshake.OldestValkey : Handshake.OldestRedis;
        if (server.Version < oldest)
        {
            yield return new(Severity.Error, "version", $"The server is {server.Product} {server.Version}.")
            {
                Means = "The component refuses it: it needs Redis 7.0 or Valkey 7.2, or later.",
                Do = "Upgrade the server, or point --redis-host at another.",
            };
        }

        if (server.Role == "slave")
        {
            yield return new(Severity.Error, "role", "The server is a replica.")
            {
                Means = "Nothing can be written here; what is found below may be late.",
                Do = $"Point --redis-host at the primary {facts["master_host"]}:{facts["master_port"]}, or give --failover",
            };
        }

        foreach (var finding in Library(facts).Concat(Cluster(facts)))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> Library(ServerFacts facts)
    {
        if (facts.LibraryBuild is null && !facts.Errors.Any(error => error.Command.StartsWith("FCALL", StringComparison.Ordinal)))
        {
            yield return new(Severity.Note, "library", $"The function library {FunctionLibrary.Version} is not loaded.")
            {
                Means = "No component of this version has connected to this server since its functions were last removed.",
                Do = "Nothing: a component loads it when it connects.",
            };
        }
        else if (facts.LibraryBuild is { } build && build != FunctionLibrary.Build)
        {
            yield return new(
                Severity.Note,
                "library",
                $"The function library {FunctionLibrary.Version} is build {build}; this binary brings build {FunctionLibrary.Build}."
            )
            {
                Means = build < FunctionLibrary.Build ? "Only older components have connected so far." : "A newer component has connected.",
                Do = "Nothing: a component replaces an older build when it connects.",
            };
        }
    }

    private static IEnumerable<Finding> Cluster(ServerFacts facts)
    {
        if (facts.Cluster is not { } cluster)
        {
            yield break;
        }

        var (state, shards) = (cluster.GetValueOrDefault("cluster_state", ""), cluster.GetValueOrDefault("cluster_size", ""));
        var slots = cluster.GetValueOrDefault("cluster_slots_assigned", "");
        if (state != "ok")
        {
            yield return new(Severity.Error, "cluster", $"The cluster's state is '{state}'.")
            {
                Means = "Redis answers no call until it is 'ok'.",
                Do = "redis-cli --cluster check HOST:PORT",
            };
        }

        if (shards != "1" || slots != $"{PartitionTag.Slots}")
        {
            yield return new(Severity.Error, "cluster", $"The cluster has {shards} shards and {slots} slots assigned.")
            {
                Means = $"The component refuses it: one shard has to have all {PartitionTag.Slots} slots.",
                Do = "redis-cli --cluster check HOST:PORT",
            };
        }
    }
}

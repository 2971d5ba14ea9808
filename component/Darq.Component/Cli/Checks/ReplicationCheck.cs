using System.Globalization;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Checks;

/// <summary>Replicas: whether there are enough of them to write, and whether they follow.</summary>
internal static class ReplicationCheck
{
    private const int SlowSeconds = 10;

    public static IEnumerable<Finding> Judge(ServerFacts facts)
    {
        if (facts.Server.Role == "slave")
        {
            yield break;
        }

        var replicas = facts.Number("connected_slaves");
        _ = long.TryParse(facts.Setting("min-replicas-to-write"), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted);
        var good = facts["min_slaves_good_slaves"].Length > 0 ? facts.Number("min_slaves_good_slaves") : replicas;
        if (wanted > good)
        {
            yield return new(Severity.Error, "replicas", $"{good} replicas follow; min-replicas-to-write is {wanted}.")
            {
                Means = "Redis refuses all writes (NOREPLICAS).",
                Do = "Bring the replicas back, or CONFIG SET min-replicas-to-write to fewer",
            };
        }
        else if (replicas == 0)
        {
            yield return new(Severity.Note, "replicas", "The server has no replica.")
            {
                Means = "The data are on this one host.",
                Do = "Nothing, or a replica with Sentinel where the host's loss must be survived",
            };
        }

        for (var i = 0; i < replicas; i++)
        {
            var replica = ReplicaFields.Parts(facts[$"slave{i}"]);
            _ = long.TryParse(replica.GetValueOrDefault("lag", "0"), NumberStyles.None, CultureInfo.InvariantCulture, out var lag);
            var state = replica.GetValueOrDefault("state", "");
            if (replica.Count > 0 && (state != "online" || lag > SlowSeconds))
            {
                yield return new(
                    Severity.Warning,
                    "replica",
                    $"Replica {replica.GetValueOrDefault("ip", "?")}:{replica.GetValueOrDefault("port", "?")} is '{state}', {lag} s behind."
                )
                {
                    Means = "A failover to it would lose what it has not received; the component logs such a loss.",
                    Do = "Look at the replica's log and its network",
                };
            }
        }
    }
}

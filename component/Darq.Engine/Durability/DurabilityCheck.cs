using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Durability;

/// <summary>Holds the setting against what the server is: which rung is in force, and what cannot be.</summary>
internal static class DurabilityCheck
{
    /// <summary>
    /// The rung of a level on such a server. Throws <see cref="DarqException"/> (Misconfigured) with the setting to change where the
    /// server can never reach it. Too few replicas are no such reason: they may come, and until then answers wait.
    /// </summary>
    /// <param name="level">The setting.</param>
    /// <param name="facts">The server.</param>
    /// <param name="mostReplicas">More replicas than this do not confirm at the moment; auto asks for no more.</param>
    public static DurabilityRung Resolve(DurabilityLevel level, DurabilityFacts facts, int mostReplicas = int.MaxValue)
    {
        Refuse(level, facts);
        var reached = level.Kind == DurabilityKind.Auto ? Strongest(facts, mostReplicas) : level;
        return new(reached, AtRisk(reached, facts));
    }

    /// <summary>What an operator should know though it is allowed; null where there is nothing.</summary>
    public static string? WarningOf(DurabilityLevel level, DurabilityFacts facts)
    {
        var following = facts.Following.Count();
        return level.Kind == DurabilityKind.Fsync && following > 0
                ? $"Redis has {Count(following)}: if one is promoted, writes that the primary alone has on its disk are lost; "
                    + $"durability fsync+replicated:{following} waits for it"
            : level.Replicas > following
                ? $"durability is {level}, and Redis has {Count(following)} connected: answers and deliveries wait until there are enough"
            : level.Replicas > 0 && !facts.AppendOnly
                ? $"durability is {level}, and Redis has appendonly no: if it starts again in its place, before a replica is promoted, it comes "
                    + "back without what was confirmed, and its replicas follow it"
            : level.Kind == DurabilityKind.Auto && facts.Forbidden.Length > 0 && following > 0
                ? $"the Redis user may not run {facts.Forbidden}, so that nothing tells what its replicas have. Allow it: +wait +client|id"
            : level.Kind == DurabilityKind.Auto && !facts.AppendOnly && following > 0
                ? $"Redis has {Count(following)} and appendonly no, so that auto does not wait for them: a primary that starts again in its "
                    + "place is empty, and its replicas follow it. Where a replica is always promoted instead, durability "
                    + $"replicated:{following} waits for it"
            : level.Replicas > 0 && level.Replicas < following
                ? $"durability is {level}, and Redis has {Count(following)}: if one is promoted that is not among the {level.Replicas}, "
                    + "confirmed writes are lost"
            : null;
    }

    private static void Refuse(DurabilityLevel level, DurabilityFacts facts)
    {
        if (level.Replicas > 0 && facts.Forbidden.Length > 0)
        {
            throw Misconfigured(
                level,
                $"the Redis user may not run {facts.Forbidden}. Allow it: +wait +client|id, and +waitaof from 7.2 on"
            );
        }

        if (level.Kind is DurabilityKind.Fsync or DurabilityKind.FsyncReplicated && !facts.AlwaysFsyncs)
        {
            throw Misconfigured(
                level,
                facts.AppendFsync is null && facts.AppendOnly
                        ? "the Redis user may not run CONFIG GET, by which appendfsync would be known. Allow it (+config|get), or set "
                            + "durability to auto"
                    : facts.AppendOnly && facts.AppendFsync == "always"
                        ? "no-appendfsync-on-rewrite is yes, so that Redis leaves out flushes while it rewrites its file. Run: CONFIG SET "
                            + "no-appendfsync-on-rewrite no"
                    : $"Redis answers before it has flushed (appendonly {(facts.AppendOnly ? "yes" : "no")}, appendfsync "
                        + $"{facts.AppendFsync ?? "not known"}). Set appendonly yes and appendfsync always on the server, or set durability to auto"
            );
        }

        if (level.Kind == DurabilityKind.Fsync && facts.IsFailedOver)
        {
            throw Misconfigured(
                level,
                "a replica may be promoted that lacks what the primary has on its disk. Set durability to fsync+replicated:<n> or "
                    + "replicated:<n>, with the number of replicas that may be promoted"
            );
        }

        if (level.Kind == DurabilityKind.ReplicaFsync)
        {
            RefuseReplicas(level, facts);
        }
    }

    private static void RefuseReplicas(DurabilityLevel level, DurabilityFacts facts)
    {
        if (!facts.HasWaitAof)
        {
            throw Misconfigured(level, "the server has no WAITAOF, which came with 7.2. Upgrade it, or set durability to replicated:<n>");
        }

        if (!facts.AppendOnly)
        {
            throw Misconfigured(
                level,
                "the primary has appendonly no: if it starts again in its place it is empty, and its replicas follow it. Set appendonly yes "
                    + "on it, or set durability to replicated:<n>"
            );
        }

        foreach (var replica in facts.Following)
        {
            if (replica.AlwaysFsyncs is null)
            {
                throw Misconfigured(
                    level,
                    $"the replica at {replica.Address} could not be asked for its appendfsync ({replica.Why}), without which its word means "
                        + "nothing. Let the component reach it with the same user, or set durability to replicated:<n>"
                );
            }

            if (replica.AlwaysFsyncs == false)
            {
                throw Misconfigured(
                    level,
                    $"the replica at {replica.Address} does not flush each write. Set appendonly yes and appendfsync always on it, or set "
                        + "durability to replicated:<n>"
                );
            }
        }
    }

    /// <summary>
    /// Replicas count only behind a primary that keeps a file: another one that starts again in its place is empty, and they follow it.
    /// </summary>
    private static DurabilityLevel Strongest(DurabilityFacts facts, int mostReplicas)
    {
        var following = facts.Following.ToArray();
        var count = facts.AppendOnly && facts.Forbidden.Length == 0 ? Math.Min(following.Length, mostReplicas) : 0;
        if (count == 0)
        {
            return new(facts.AlwaysFsyncs && !facts.IsFailedOver && following.Length == 0 ? DurabilityKind.Fsync : DurabilityKind.Reply);
        }

        var flush = facts.HasWaitAof && Array.TrueForAll(following, replica => replica.AlwaysFsyncs == true);
        return new(flush ? DurabilityKind.ReplicaFsync : DurabilityKind.Replicated, count);
    }

    private static string AtRisk(DurabilityLevel level, DurabilityFacts facts) =>
        level.Kind switch
        {
            DurabilityKind.Fsync => "nothing that was answered",
            DurabilityKind.ReplicaFsync => "nothing that was confirmed, where a replica that confirmed it is promoted",
            DurabilityKind.Replicated =>
                "nothing that was confirmed, where a replica that confirmed it is promoted; all of its last moments, where the replicas are "
                    + "cut off at once with it or it starts again in its place",
            DurabilityKind.FsyncReplicated => "nothing that was confirmed, unless a replica is promoted that did not confirm it",
            _ when !facts.AppendOnly => "everything since the last snapshot: Redis writes no append-only file",
            _ when facts.AppendFsync == "always" => "what a replica that is promoted lacks",
            _ when facts.AppendFsync == "no" => "what the operating system has not written yet: up to a minute",
            _ => "the writes of up to two seconds",
        };

    private static string Count(int replicas) => replicas == 1 ? "1 replica" : $"{replicas} replicas";

    private static DarqException Misconfigured(DurabilityLevel level, string why) =>
        new(ErrorCode.Misconfigured, $"MISCONFIGURED: durability is {level}, but {why}.");
}

using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;

namespace Darq.Component.Cli.Checks;

/// <summary>What a restart of the server would lose, and what the last one may have left in its append-only file.</summary>
internal static class PersistenceCheck
{
    /// <summary>The server tells its age in whole seconds, and a component connects right after the first start.</summary>
    private const int StartMs = 5000;

    public static IEnumerable<Finding> Judge(ServerFacts facts) => Writing(facts).Concat(Files(facts)).Concat(TruncatedLoad(facts));

    private static IEnumerable<Finding> Writing(ServerFacts facts)
    {
        if (facts["loading"] == "1")
        {
            yield return new(Severity.Error, "loading", "The server is loading its data.")
            {
                Means = "Nothing works until it is done.",
                Do = "Wait: INFO persistence has loading_eta_seconds",
            };
        }

        if (facts["aof_enabled"] != "1")
        {
            var snapshots =
                facts.Config is null ? ""
                : facts.Setting("save").Length > 0 ? ", only snapshots"
                : ", and no snapshots";
            yield return new(Severity.Warning, "appendonly", $"There is no append-only file{snapshots}.")
            {
                Means = "A Redis that dies loses everything since its last snapshot, messages and state; the component logs the loss.",
                Do = "CONFIG SET appendonly yes, and the same in redis.conf",
            };
        }
        else if (facts.Setting("appendfsync") == "no")
        {
            yield return new(Severity.Warning, "appendfsync", "appendfsync is 'no'.")
            {
                Means = "The system alone decides when data reach the disk, often half a minute later; a power loss takes that.",
                Do = "CONFIG SET appendfsync everysec (or always), and the same in redis.conf",
            };
        }
        else if (facts.Setting("appendfsync") == "everysec")
        {
            yield return new(Severity.Note, "appendfsync", "appendfsync is 'everysec'.")
            {
                Means = "A power loss, or a kill while the disk is slow, may take the last two seconds; the component logs the loss.",
                Do = "Nothing, or CONFIG SET appendfsync always where every second counts",
            };
        }
    }

    private static IEnumerable<Finding> Files(ServerFacts facts)
    {
        if (facts["aof_enabled"] == "1" && facts["aof_last_write_status"] is not ("ok" or ""))
        {
            yield return new(
                Severity.Error,
                "aof-write",
                $"The last write of the append-only file failed: {facts["aof_last_write_status"]}."
            )
            {
                Means = "Redis refuses all writes (MISCONF) until it can write again.",
                Do = "Look at the disk of the server, and at its log",
            };
        }

        if (facts["aof_enabled"] == "1" && facts["aof_last_bgrewrite_status"] is not ("ok" or ""))
        {
            yield return new(Severity.Warning, "aof-rewrite", "The last rewrite of the append-only file failed.")
            {
                Means = "The file grows, and a restart takes longer and longer.",
                Do = "Look at the server's log, then BGREWRITEAOF",
            };
        }

        if (facts["rdb_last_bgsave_status"] is not ("ok" or ""))
        {
            var refuses = facts.Config is null || facts.Setting("save").Length > 0;
            yield return new(refuses ? Severity.Error : Severity.Warning, "bgsave", "The last snapshot failed.")
            {
                Means = refuses
                    ? "Redis refuses all writes (MISCONF) while stop-writes-on-bgsave-error is on."
                    : "There is no newer snapshot than the one before.",
                Do = "Look at the disk of the server, and at its log; then BGSAVE",
            };
        }
    }

    /// <summary>
    /// An append-only file that is torn inside a transaction is loaded up to its last whole command, and keeps the begin of the
    /// transaction: the next load executes what is there of it. Only a rewrite takes it out of the file.
    /// </summary>
    private static IEnumerable<Finding> TruncatedLoad(ServerFacts facts)
    {
        var started = facts.NowMs - facts.Number("uptime_in_seconds") * 1000;
        var hasOlderData = facts.OldestWorldLine > 0 && facts.OldestWorldLine < started - StartMs;
        var isRewritten = facts["aof_last_rewrite_time_sec"] is not ("-1" or "") || facts["aof_rewrite_in_progress"] == "1";
        if (facts["aof_enabled"] != "1" || facts.Setting("aof-load-truncated") == "no" || isRewritten || !hasOlderData)
        {
            yield break;
        }

        yield return new(
            Severity.Warning,
            "aof-truncated",
            "The server was restarted with older data, its append-only file was not rewritten since, and aof-load-truncated is not 'no'."
        )
        {
            Means =
                "If the file was cut at that start (the server's log says so), half a transaction may still be in it, which the "
                + "next restart would execute: a lane stuck, half a step.",
            Do = "BGREWRITEAOF now, and right after each such start",
        };
    }
}

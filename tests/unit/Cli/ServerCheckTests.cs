using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>What is said of a server, by what it says of itself.</summary>
public sealed class ServerCheckTests
{
    private const string Sound = """
        redis_version:7.2.4
        role:master
        maxmemory_policy:noeviction
        maxmemory:1000
        used_memory:100
        aof_enabled:1
        aof_last_write_status:ok
        aof_last_bgrewrite_status:ok
        aof_last_rewrite_time_sec:2
        rdb_last_bgsave_status:ok
        uptime_in_seconds:100
        connected_slaves:1
        slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0
        """;

    [Fact]
    public void Sound_server_has_no_findings() => Assert.Empty(Judge(Sound, ("appendfsync", "always"), ("aof-load-truncated", "yes")));

    [Theory]
    [InlineData("redis_version:6.2.1", "error version: The server is Redis 6.2.1.")]
    [InlineData("role:slave", "error role: The server is a replica.")]
    [InlineData("maxmemory_policy:allkeys-lru", "error eviction: maxmemory-policy is 'allkeys-lru'.")]
    [InlineData("used_memory:1000", "error memory: The memory is full: 0 MB of 0 MB are used.")]
    [InlineData("used_memory:950", "warning memory: 0 MB of 0 MB are used.")]
    [InlineData("maxmemory:0", "note memory: maxmemory is not set; 0 MB are used.")]
    [InlineData("loading:1", "error loading: The server is loading its data.")]
    [InlineData("aof_enabled:0", "warning appendonly: There is no append-only file, and no snapshots.")]
    [InlineData("aof_last_write_status:err", "error aof-write: The last write of the append-only file failed: err.")]
    [InlineData("aof_last_bgrewrite_status:err", "warning aof-rewrite: The last rewrite of the append-only file failed.")]
    [InlineData("rdb_last_bgsave_status:err", "warning bgsave: The last snapshot failed.")]
    [InlineData("slave0:ip=10.0.0.2,port=6379,state=online,lag=60", "warning replica: Replica 10.0.0.2:6379 is 'online', 60 s behind.")]
    [InlineData(
        "slave0:ip=10.0.0.2,port=6379,state=wait_bgsave,lag=0",
        "warning replica: Replica 10.0.0.2:6379 is 'wait_bgsave', 0 s behind."
    )]
    public void Trouble_is_named(string line, string finding) =>
        Assert.Equal([finding], Judge(Sound + "\n" + line, ("appendfsync", "always")).Select(Line));

    [Fact]
    public void Settings_that_risk_messages_are_named()
    {
        Assert.Equal(["warning appendfsync: appendfsync is 'no'."], Judge(Sound, ("appendfsync", "no")).Select(Line));
        Assert.Equal(["note appendfsync: appendfsync is 'everysec'."], Judge(Sound, ("appendfsync", "everysec")).Select(Line));
        Assert.Equal(
            ["error replicas: 1 replicas follow; min-replicas-to-write is 2."],
            Judge(Sound, ("min-replicas-to-write", "2")).Select(Line)
        );
        Assert.Equal(["note replicas: The server has no replica."], Judge(Sound + "\nconnected_slaves:0").Select(Line));
        Assert.Equal(
            ["error bgsave: The last snapshot failed."],
            Judge(Sound + "\nrdb_last_bgsave_status:err", ("save", "60 1")).Select(Line)
        );
    }

    [Theory]
    [InlineData(1_000_000, -1, "yes", true)]
    [InlineData(1_000_000, -1, "", true)]
    [InlineData(1_000_000, -1, "no", false)]
    [InlineData(1_000_000, 3, "yes", false)]
    [InlineData(9_999_000, -1, "yes", false)]
    [InlineData(0, -1, "yes", false)]
    public void Start_on_older_data_asks_for_a_rewrite_of_the_file(long oldest, long rewritten, string truncated, bool isWarned)
    {
        // Now is 10,000,000 and the server is 100 s old.
        var facts = Facts(Sound + $"\naof_last_rewrite_time_sec:{rewritten}", ("aof-load-truncated", truncated)) with
        {
            NowMs = 10_000_000,
            OldestWorldLine = oldest,
        };

        Assert.Equal(
            isWarned,
            PersistenceCheck
                .Judge(facts)
                .Any(finding => finding.Check == "aof-truncated" && finding.Do.StartsWith("BGREWRITEAOF", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Cluster_of_more_than_one_shard_is_refused()
    {
        var facts = Facts(Sound) with
        {
            Cluster = ServerDescriptions.Fields("cluster_state:fail\ncluster_size:3\ncluster_slots_assigned:16384"),
        };

        Assert.Equal(
            ["error cluster: The cluster's state is 'fail'.", "error cluster: The cluster has 3 shards and 16384 slots assigned."],
            ServerCheck.Judge(facts).Select(Line)
        );
    }

    [Fact]
    public void Library_of_another_build_is_noted()
    {
        Assert.Equal(
            [$"note library: The function library darq2 is build 0; this binary brings build {FunctionLibrary.Build}."],
            ServerCheck.Judge(Facts(Sound) with { LibraryBuild = 0 }).Select(Line)
        );
        Assert.Equal(
            ["note library: The function library darq2 is not loaded."],
            ServerCheck.Judge(Facts(Sound) with { LibraryBuild = null }).Select(Line)
        );
    }

    [Fact]
    public void Missing_permissions_are_named_and_an_optional_one_is_a_note()
    {
        Assert.Equal(
            ["error permissions: The Redis user 'darq' may not: hset, xadd."],
            PermissionCheck.Judge("darq", ["hset", "xadd"]).Select(Line)
        );
        Assert.Equal(
            ["note permissions: The Redis user 'darq' may not: config get."],
            PermissionCheck.Judge("darq", ["config get"]).Select(Line)
        );
        Assert.Equal(
            ["note permissions: The Redis user 'darq' may not: bgrewriteaof."],
            PermissionCheck.Judge("darq", ["bgrewriteaof"]).Select(Line)
        );
        Assert.Equal(Severity.Note, Assert.Single(PermissionCheck.Judge("darq", null)).Severity);
        Assert.Empty(PermissionCheck.Judge("darq", []));
    }

    [Fact]
    public void What_the_doctor_may_not_do_is_an_error_unless_it_can_do_without()
    {
        var facts = Facts(Sound) with { Errors = [("CONFIG GET", "NOPERM x"), ("SCAN", "NOPERM y")] };

        Assert.Equal(
            ["note doctor: CONFIG GET was refused: NOPERM x.", "error doctor: SCAN was refused: NOPERM y."],
            PermissionCheck.OfDoctor(facts).Select(Line)
        );
    }

    private static IEnumerable<Finding> Judge(string info, params (string Name, string Value)[] config)
    {
        var facts = Facts(info, config);
        return
        [
            .. ServerCheck.Judge(facts),
            .. MemoryCheck.Judge(facts),
            .. PersistenceCheck.Judge(facts),
            .. ReplicationCheck.Judge(facts),
        ];
    }

    private static ServerFacts Facts(string info, params (string Name, string Value)[] config) =>
        new()
        {
            Info = ServerDescriptions.Fields(info),
            Server = ServerDescriptions.Parse(info),
            Config = config.ToDictionary(setting => setting.Name, setting => setting.Value),
            LibraryBuild = FunctionLibrary.Build,
        };

    private static string Line(Finding finding) => $"{finding.Severity.ToString().ToLowerInvariant()} {finding.Check}: {finding.What}";
}

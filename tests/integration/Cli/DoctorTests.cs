using System.Text.Json;
using Darq.Tests.Integration.Engine;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Cli;

/// <summary>What <c>darq doctor</c> says of whole servers, and how it ends.</summary>
[Trait("Lane", "Slow")]
public sealed class DoctorTests
{
    [Fact]
    public async Task Sound_namespace_has_no_findings_but_notes()
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.PublishAsync("m", 50);
        await busy.GotAsync("m", 50);

        var before = busy.PublishAsync("more", 50);
        var doctor = await DarqTool.DoctorAsync(busy.Redis, "--output", "json");
        await before;

        Assert.Equal(0, doctor.Code);
        Assert.Equal(0, doctor.Json.GetProperty("errors").GetInt32());
        Assert.Equal(0, doctor.Json.GetProperty("warnings").GetInt32());
        Assert.Equal("2", doctor.Json.GetProperty("summary").GetProperty("partitions").GetString());
        Assert.Contains(
            "append-only file",
            doctor.Json.GetProperty("summary").GetProperty("persistence").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Doctor_writes_nothing()
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.PublishAsync("m", 10);
        busy.Component.Process.Signal(Signal.Stop);
        var before = await DarqTool.DigestAsync(busy.Redis);

        var doctor = await DarqTool.DoctorAsync(busy.Redis);

        Assert.Equal(0, doctor.Code);
        Assert.NotEmpty(before);
        Assert.Equal(before, await DarqTool.DigestAsync(busy.Redis));
        busy.Component.Process.Signal(Signal.Cont);
    }

    [Fact]
    public async Task Server_without_the_namespace_is_no_error()
    {
        await using var redis = await RedisServer.StartAsync();

        var doctor = await DarqTool.DoctorAsync(redis, "--namespace", "other");

        Assert.Equal(0, doctor.Code);
        Assert.Contains("The namespace 'other' does not exist.", doctor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Foreign_keys_under_our_tags_are_named_and_left_alone()
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.Redis.CliAsync("SET", BusyNamespace.Key(0, "cache"), "x");
        await busy.Redis.CliAsync("SET", "{darq:7:0}:m", "x");

        var doctor = await DarqTool.DoctorAsync(busy.Redis);

        Assert.Equal(0, doctor.Code);
        Assert.Contains($"warning foreign {BusyNamespace.Key(0, "cache")}: ", doctor.Text, StringComparison.Ordinal);
        Assert.Contains("warning foreign {darq:7:0}:m: ", doctor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_of_the_built_in_components_are_named()
    {
        await using var busy = await BusyNamespace.StartAsync();
        await busy.PublishAsync("m", 2);
        await busy.Redis.CliAsync("XADD", BusyNamespace.Topic, "*", "data", "{}");
        await busy.Redis.CliAsync("HSET", "shop||cart", "data", "1", "version", "1");
        await busy.Redis.CliAsync("HSET", "other||thing", "field", "1");

        var doctor = await DarqTool.DoctorAsync(busy.Redis);

        Assert.Equal(0, doctor.Code);
        Assert.Contains(
            $"warning builtin {BusyNamespace.Topic}: There is a stream of the built-in pubsub.redis with 1 entries.",
            doctor.Text,
            StringComparison.Ordinal
        );
        Assert.Contains("warning builtin shop||cart: There is state of the built-in state.redis.", doctor.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("other||thing", doctor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_would_lose_messages_is_told_of()
    {
        await using var redis = await RedisServer.StartAsync(
            new RedisOptions
            {
                AppendOnly = false,
                MaxMemoryPolicy = "allkeys-lru",
                ExtraLines = ["min-replicas-to-write 1"],
            }
        );

        var doctor = await DarqTool.DoctorAsync(redis, "--output", "json");

        Assert.Equal(1, doctor.Code);
        var checks = doctor.Json.GetProperty("findings").EnumerateArray().Select(Named).ToArray();
        Assert.Contains(("error", "eviction"), checks);
        Assert.Contains(("error", "replicas"), checks);
        Assert.Contains(("warning", "appendonly"), checks);
    }

    [Fact]
    public async Task Restart_on_an_older_file_is_followed_by_the_advice_to_rewrite_it()
    {
        await using var redis = await RedisServer.StartAsync();
        // No component is there that would see to the file by itself.
        await using (var run = await EngineRun.StartAsync(redis.Port))
        {
            var tag = Darq.Engine.Redis.PartitionTag.Of(run.Options.Name, 0, run.Options.Partitions);
            // As one that was made long ago.
            await redis.CliAsync("HSET", tag + ":wlh", "1000", "1");
        }

        await redis.RestartAsync();

        var restarted = await DarqTool.DoctorAsync(redis);
        await redis.CliAsync("BGREWRITEAOF");
        await Eventually.TrueAsync(
            async () => (await redis.CliAsync("INFO", "persistence")).Contains("aof_rewrite_in_progress:0", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20),
            "the file is rewritten"
        );
        var rewritten = await DarqTool.DoctorAsync(redis);

        Assert.Contains("warning aof-truncated: ", restarted.Text, StringComparison.Ordinal);
        Assert.Contains("BGREWRITEAOF now", restarted.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("aof-truncated", rewritten.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_password_is_told_and_ends_with_2()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Password = "right" });

        var wrong = await DarqTool.RunAsync(
            new Dictionary<string, string?> { ["DARQ_REDIS_PASSWORD"] = "wrong" },
            "doctor",
            "--redis-host",
            redis.Host
        );
        var none = await DarqTool.DoctorAsync(redis);
        var right = await DarqTool.RunAsync(
            new Dictionary<string, string?> { ["DARQ_REDIS_PASSWORD"] = "right" },
            "doctor",
            "--redis-host",
            redis.Host
        );

        Assert.Equal((2, 2, 0), (wrong.Code, none.Code, right.Code));
        Assert.Contains("Redis refused the user name or password; give --redis-username", wrong.Text, StringComparison.Ordinal);
        Assert.Contains("give --password-file FILE or DARQ_REDIS_PASSWORD", none.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", wrong.Text.Replace("wrong password", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("repair")]
    public async Task Redis_that_is_not_there_is_told_and_ends_with_2(string command)
    {
        var run = await DarqTool.RunAsync(command, "--redis-host", $"127.0.0.1:{FreePort.Next()}", "--dial-timeout", "2s");

        Assert.Equal(2, run.Code);
        Assert.Contains("Redis at 127.0.0.1:", run.Text, StringComparison.Ordinal);
        Assert.Contains("connection refused", run.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Primary_is_found_by_its_sentinels()
    {
        await using var sentinels = await RedisSentinels.StartAsync();

        var doctor = await DarqTool.RunAsync(
            "doctor",
            "--redis-host",
            sentinels.Hosts,
            "--failover",
            "--sentinel-master-name",
            RedisSentinels.MasterName
        );

        Assert.Equal(0, doctor.Code);
        Assert.Contains("role         primary", doctor.Lines);
    }

    [Fact]
    public async Task Replica_is_an_error()
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(new RedisOptions { ExtraLines = [$"replicaof 127.0.0.1 {primary.Port}"] });

        var doctor = await DarqTool.DoctorAsync(replica);

        Assert.Equal(1, doctor.Code);
        Assert.Contains($"Point --redis-host at the primary 127.0.0.1:{primary.Port}", doctor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_that_a_user_may_not_give_are_named()
    {
        const string Users =
            "user default on nopass ~* &* +@all\nuser darq on >x ~{darq*:* &* +@all -xadd -fcall\n"
            + "user small on >x ~* -@all +info +ping +echo\n";
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Acl = Users });
        Dictionary<string, string?> password = new() { ["DARQ_REDIS_PASSWORD"] = "x" };

        var component = await DarqTool.DoctorAsync(redis, "--component-user", "darq");
        var small = await DarqTool.RunAsync(password, "doctor", "--redis-host", redis.Host, "--redis-username", "small");

        Assert.Equal((1, 1), (component.Code, small.Code));
        Assert.Contains("error permissions: The Redis user 'darq' may not: fcall, xadd.", component.Text, StringComparison.Ordinal);
        Assert.Contains("error doctor: TYPE was refused: NOPERM", small.Text, StringComparison.Ordinal);
    }

    private static (string?, string?) Named(JsonElement finding) =>
        (finding.GetProperty("severity").GetString(), finding.GetProperty("check").GetString());
}

using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>An address with something else behind it than a primary with the database: every call says so, nothing is written.</summary>
public sealed class WrongServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_database_that_the_server_does_not_have_is_refused_and_no_other_one_is_written_to()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = new EngineRun(Redis(redis.Port) with { Database = 99 });

        await HearsAsync(run, "redisDB is 99, which Redis does not have");

        Assert.Equal("", await redis.CliAsync("KEYS", "*"));
    }

    [Fact]
    public async Task A_replica_is_named_as_such_and_used_once_it_is_the_primary()
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(
            new Darq.Tests.Shared.RedisOptions { ExtraLines = [$"replicaof 127.0.0.1 {primary.Port}"] }
        );
        await using var run = new EngineRun(replica.Port);

        await HearsAsync(run, "the server is a replica; point redisHost at its primary");

        await replica.CliAsync("REPLICAOF", "NO", "ONE");
        await Eventually.TrueAsync(() => run.Primary.Ready, Patience, "the promoted replica is used");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("given")]
    public async Task A_sentinel_is_told_from_a_server_and_the_settings_for_it_are_named(string? password)
    {
        await using var sentinels = await RedisSentinels.StartAsync();
        var port = int.Parse(sentinels.Hosts.Split(',')[0].Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        await using var run = new EngineRun(port, password: password);

        await HearsAsync(run, "is a Sentinel; set failover: true and sentinelMasterName");
    }

    private static Darq.Engine.Redis.RedisOptions Redis(int port) => new() { Host = "127.0.0.1", Port = port };

    /// <summary>By the first answer, as an Init has it, and by every later one.</summary>
    private static async Task HearsAsync(EngineRun run, string why)
    {
        await Eventually.ValueAsync(
            () => Task.FromResult(run.Primary.Status.Why),
            told => told?.Contains(why, StringComparison.Ordinal) == true,
            Patience,
            "the reason is known"
        );
        var refused = await Assert.ThrowsAsync<DarqException>(() => run.SaveAsync("k", "1"));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }
}

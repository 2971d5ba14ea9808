using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A Redis that cannot be worked with is refused with the setting to change, and nothing is written to it.</summary>
public sealed class HandshakeTests
{
    [Fact]
    public async Task An_eviction_policy_that_could_lose_messages_is_refused_with_the_command_that_mends_it()
    {
        await using var redis = await RedisServer.StartAsync(new Darq.Tests.Shared.RedisOptions { MaxMemoryPolicy = "allkeys-lru" });

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port));

        Assert.Contains("maxmemory-policy is 'allkeys-lru'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("CONFIG SET maxmemory-policy noeviction", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_refused_is_worked_with_once_it_is_mended()
    {
        await using var redis = await RedisServer.StartAsync(new Darq.Tests.Shared.RedisOptions { MaxMemoryPolicy = "allkeys-lru" });
        await using var run = new EngineRun(redis.Port);
        await Assert.ThrowsAsync<DarqException>(() => run.Primary.ConnectAsync(TimeSpan.FromSeconds(10), default));

        await redis.CliAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");

        await Eventually.TrueAsync(() => run.Primary.Ready, TimeSpan.FromSeconds(15), "the mended Redis is used without a restart");
        Assert.False((await run.PublishAsync("t", "{}")).Duplicate);
    }

    [Fact]
    public async Task A_user_who_may_not_load_functions_is_refused_naming_the_permission()
    {
        await using var redis = await RedisServer.StartAsync(
            new Darq.Tests.Shared.RedisOptions { Acl = "user default on nopass ~* &* +@all -function" }
        );

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port));

        Assert.Contains("permission", refused.Message, StringComparison.Ordinal);
        Assert.Contains("function", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_wrong_password_is_told_from_an_outage()
    {
        await using var redis = await RedisServer.StartAsync(new Darq.Tests.Shared.RedisOptions { Password = "right" });

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port, password: "wrong"));

        Assert.Contains("redisPassword", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_that_is_missing_is_not_called_a_wrong_one()
    {
        await using var redis = await RedisServer.StartAsync(new Darq.Tests.Shared.RedisOptions { Password = "right" });

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port));

        Assert.Contains("Redis asks for a password and none is given; set redisPassword", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_for_a_Redis_without_one_is_refused()
    {
        await using var redis = await RedisServer.StartAsync();

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port, password: "needless"));

        Assert.Contains("leave redisPassword out", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("needless", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app", "wrong", "off")]
    [InlineData("nobody", "right", "off")]
    [InlineData("app", "wrong", "on nopass ~* &* +@all")]
    [InlineData("nobody", "right", "on nopass ~* &* +@all")]
    public async Task A_user_that_Redis_does_not_let_in_is_refused_whatever_the_default_user_may(string user, string password, string other)
    {
        var acl = $"user default {other}\nuser app on >right ~* &* +@all\n";
        await using var redis = await RedisServer.StartAsync(new Darq.Tests.Shared.RedisOptions { Acl = acl });

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port, username: user, password: password));

        Assert.Contains("redisUsername and redisPassword", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_is_logged_in_by_name()
    {
        var acl = "user default off\nuser app on >right ~* &* +@all\n";
        await using var redis = await RedisServer.StartAsync(new Darq.Tests.Shared.RedisOptions { Acl = acl });
        await using var run = new EngineRun(redis.Port, username: "app", password: "right");

        Assert.True(await run.Primary.ConnectAsync(TimeSpan.FromSeconds(10), default));
    }

    [Fact]
    public async Task Another_number_of_partitions_than_the_namespace_has_is_refused_with_the_right_one()
    {
        await using var redis = await RedisServer.StartAsync();
        await using (await EngineRun.StartAsync(redis.Port)) { }

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port, new NamespaceOptions { Partitions = 16 }));

        Assert.Contains("set partitions to 64", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_of_the_format_before_is_refused_and_left_alone()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CliAsync("HSET", "{darq}:ns", "p", "64", "f", "1", "id", "someone");

        var refused = await RefusalAsync(redis, new EngineRun(redis.Port));

        Assert.Contains("namespace 'darq' has data format 1; accepted: 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'{darq'", refused.Message, StringComparison.Ordinal);
        Assert.Equal("{darq}:ns", await redis.CliAsync("KEYS", "*"));
    }

    [Fact]
    public async Task Data_that_another_started_after_a_flush_is_not_taken_for_ones_own()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(redis.Port);
        await redis.CliAsync("FLUSHALL");
        await using var other = await EngineRun.StartAsync(redis.Port);

        await Eventually.TrueAsync(
            async () => await IsForeignAsync(run),
            TimeSpan.FromSeconds(20),
            "the component noticed that its data was replaced"
        );
    }

    [Fact]
    public async Task Data_that_an_operator_accepts_in_place_of_ones_own_are_worked_with_as_after_a_loss_of_everything()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(redis.Port);
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        await run.PublishAsync("t", "before");
        var before = await inbox.NextAsync();
        var identity = await redis.CliAsync("HGET", "{darq}:ns", "id");
        await redis.CliAsync("FLUSHALL");
        await using var other = await EngineRun.StartAsync(redis.Port);
        await other.PublishAsync("t", "after");
        await Eventually.TrueAsync(
            () => run.Primary.Status.Why?.Contains($"darq repair --replaces {identity}", StringComparison.Ordinal) == true,
            TimeSpan.FromSeconds(20),
            "the component noticed that its data was replaced"
        );

        await redis.CliAsync("HSET", "{darq}:ns", "old", $"ffff {identity}");

        var after = await inbox.NextAsync(30);
        Assert.Equal("after", Inbox.Text(after));
        stream.Ack(before.Token);
        stream.Ack(after.Token);
        await run.PublishAsync("t", "later");
        var later = await inbox.NextAsync();
        Assert.Equal("later", Inbox.Text(later));
        stream.Ack(later.Token);
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(2)), "something was delivered twice");
    }

    [Fact]
    public async Task A_read_that_meets_a_recovery_by_another_is_made_again_under_its_world_line()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(redis.Port);
        var identity = await redis.CliAsync("HGET", run.Primary.Keys.PartitionHeader(0), "id");
        var headers = Enumerable.Range(0, run.Options.Partitions).Select(run.Primary.Keys.PartitionHeader).ToArray();
        string[] recover = ["FCALL", FunctionLibrary.Function("recover"), "1", headers[0]];
        await redis.CliAsync([
            .. recover,
            identity,
            Handshake.Format,
            $"{run.Primary.WorldLine + 1000}",
            .. headers.Select(header => header[..^2]),
        ]);

        Assert.Null(await run.ReadAsync("absent"));
    }

    private static async Task<bool> IsForeignAsync(EngineRun run)
    {
        try
        {
            await run.PublishAsync("t", "{}");
            return false;
        }
        catch (DarqException refused)
        {
            return refused.Message.Contains("identity", StringComparison.Ordinal);
        }
    }

    private static async Task<DarqException> RefusalAsync(RedisServer redis, EngineRun run)
    {
        await using (run)
        {
            var refused = await Assert.ThrowsAsync<DarqException>(() => run.Primary.ConnectAsync(TimeSpan.FromSeconds(10), default));
            Assert.Equal(ErrorCode.Misconfigured, refused.Code);
            Assert.True(redis.ProcessId > 0);
            return refused;
        }
    }
}
